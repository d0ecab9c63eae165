import type { IncomingHttpHeaders } from 'node:http'
import type { ClientTls } from './client-tls.ts'
import type { MessageTransport } from './message-transport.ts'
import { explainTlsFailure } from './tls-failure.ts'
import { DialError } from './websocket-dial-error.ts'

/** Where to dial and what to say. */
export interface DialTarget {
  /** http: and https: are taken as ws: and wss:. */
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  /** For the whole handshake. */
  readonly timeoutMs: number
  /** For https: and wss:. Without it Node's own authorities are trusted. */
  readonly tls?: ClientTls | undefined
  /** An HTTP proxy to connect through, unless NO_PROXY has the host; http: or https:. */
  readonly proxyUrl?: URL | undefined
  /** Hears the fields of the server's 101, before the dial resolves. */
  readonly answered?: ((fields: IncomingHttpHeaders) => void) | undefined
}

/** A dial under way. */
export interface DialAttempt {
  /** Rejects with a DialError. */
  readonly opened: Promise<MessageTransport>
  /** Ends the attempt with this error, unless it has ended already. */
  fail(error: DialError): void
}

/**
 * The dial failed before there was an answer; a TLS failure says what to look at, and a proxy has
 * said so already.
 */
export function networkError({ url, tls }: DialTarget, cause: Error): DialError {
  if (cause instanceof DialError) return cause
  const failure = explainTlsFailure(cause, tls?.hasCertificate ?? false)
  const text = failure === undefined ? `no answer from ${url.origin}` : `${url.origin}: ${failure}`
  return new DialError('network', text, { cause })
}
