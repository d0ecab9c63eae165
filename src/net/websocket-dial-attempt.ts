import type { Transport } from './transport.ts'
import type { DialError } from './websocket-dial-error.ts'

/** Where to dial and what to say. */
export interface DialTarget {
  /** http: and https: are taken as ws: and wss:. */
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  /** For the whole handshake. */
  readonly timeoutMs: number
}

/** A dial under way. */
export interface DialAttempt {
  /** Rejects with a DialError. */
  readonly opened: Promise<Transport>
  /** Ends the attempt with this error, unless it has ended already. */
  fail(error: DialError): void
}
