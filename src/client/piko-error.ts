import { CodedError } from '../std/errors.ts'

interface ErrorRow {
  /** Whether the same call can succeed later, with nothing changed on this side. */
  readonly retryable: boolean
  readonly text: string
}

/** Every way in which the SDK fails. Programs tell errors apart by these codes. */
export const PIKO_ERRORS = {
  /** An option or argument cannot be used; the message names it. */
  'invalid-option': { retryable: false, text: 'an option is invalid' },
  /** The program's own `signal`. */
  aborted: { retryable: false, text: 'the program called it off' },
  /** The program's own token function threw; its error is the cause. */
  'token-failed': { retryable: true, text: 'the token function failed' },
  /** 401: the token is missing, wrong, expired, or not for this endpoint. */
  unauthorized: { retryable: false, text: 'Piko does not accept the token' },
  /** Another answer that stays, such as 404: the URL leads to something else than the port. */
  rejected: { retryable: false, text: 'Piko rejects the request' },
  /** A dial found no upstream, or none that could be reached (502). */
  'no-upstream': { retryable: true, text: 'the endpoint has no available upstream' },
  /** 408, 429, 500, 503 or 504: the node is starting, leaving or overloaded. */
  unavailable: { retryable: true, text: 'Piko is not available' },
  /** No answer, or one that is no WebSocket handshake; a certificate that is not trusted. */
  unreachable: { retryable: true, text: 'Piko cannot be reached' },
  /** The HTTP proxy in between did not open a connection. */
  'proxy-refused': { retryable: true, text: 'the proxy refuses to connect to Piko' },
  /** The node asked the listener to move to another one. */
  draining: { retryable: true, text: 'the node asked to leave' },
  /** The tunnel or the connection broke. */
  'connection-lost': { retryable: true, text: 'the connection was lost' },
  /** The other end broke this one connection off. */
  reset: { retryable: true, text: 'the connection was reset' },
} as const satisfies Record<string, ErrorRow>

/** What tells errors apart. */
export type PikoErrorCode = keyof typeof PIKO_ERRORS

/** What the SDK fails with; `code` says what happened and `cause` why. */
export class PikoError extends CodedError<PikoErrorCode> {
  override readonly name = 'PikoError'
  /** The HTTP status, where the server or the proxy in between answered with one. */
  readonly status: number | undefined

  /** Without a `message` it says the code's own text. */
  constructor(
    code: PikoErrorCode,
    message?: string,
    options: { status?: number | undefined; cause?: unknown } = {},
  ) {
    const { status, ...errorOptions } = options
    super(code, message ?? PIKO_ERRORS[code].text, errorOptions)
    this.status = status
  }

  /** Whether the same call can succeed later, with nothing changed on this side. */
  get retryable(): boolean {
    return PIKO_ERRORS[this.code].retryable
  }
}
