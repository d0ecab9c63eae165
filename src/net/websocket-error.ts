import { CodedError } from '../std/errors.ts'

/** The close codes that are sent or understood here (RFC 6455 §7.4.1). */
export const CloseCode = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  unsupportedData: 1003,
  /** Stands for a Close without a code. Never on the wire. */
  noStatus: 1005,
  /** Stands for a connection that ended without a Close. Never on the wire. */
  abnormal: 1006,
  invalidPayload: 1007,
  messageTooBig: 1009,
} as const

/** What a peer does wrong, with the close code that tells it so. */
const VIOLATIONS = {
  protocol: CloseCode.protocolError,
  'unsupported-data': CloseCode.unsupportedData,
  'invalid-payload': CloseCode.invalidPayload,
  'message-too-big': CloseCode.messageTooBig,
} as const

export type WebSocketViolation = keyof typeof VIOLATIONS

/** `peer-closed`: the peer said Close with an error. `no-close`: it ended without a Close. */
export type WebSocketErrorCode = WebSocketViolation | 'peer-closed' | 'no-close'

/** Why a WebSocket ended otherwise than in order. */
export class WebSocketError extends CodedError<WebSocketErrorCode> {
  override readonly name = 'WebSocketError'
  /** For a violation the code that the peer is told, else the one that it gave. */
  readonly closeCode: number

  constructor(code: WebSocketErrorCode, message: string, closeCode: number) {
    super(code, message)
    this.closeCode = closeCode
  }
}

export function violation(code: WebSocketViolation, rule: string): WebSocketError {
  return new WebSocketError(code, `the peer broke the protocol: ${rule}`, VIOLATIONS[code])
}

/** What the end of a WebSocket means: undefined when the peer closed it in order. */
export function closeError(closeCode: number, reason: string): WebSocketError | undefined {
  switch (closeCode) {
    case CloseCode.normal:
    case CloseCode.goingAway:
    case CloseCode.noStatus:
      return undefined
    case CloseCode.abnormal:
      return new WebSocketError('no-close', 'the connection ended without a Close', closeCode)
    default: {
      const words = reason === '' ? '' : `: ${reason}`
      return new WebSocketError(
        'peer-closed',
        `the peer closed with ${closeCode}${words}`,
        closeCode,
      )
    }
  }
}
