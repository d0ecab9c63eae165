import type { ClientTls } from './client-tls.ts'
import { explainTlsFailure } from './tls-failure.ts'
import type { Transport } from './transport.ts'
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
}

/** A dial under way. */
export interface DialAttempt {
  /** Rejects with a DialError. */
  readonly opened: Promise<Transport>
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
