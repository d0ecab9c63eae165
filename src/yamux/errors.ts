import { CodedError } from '../std/errors.ts'
import type { GoAwayCode } from './frame.ts'

interface ErrorRow {
  readonly ends: 'stream' | 'session'
  readonly text: string
  /** What the peer is told when this side ends the session for it; undefined: nothing. */
  readonly goAway?: GoAwayCode
}

/** Every way in which a stream or a session ends abnormally, and what it means. */
export const YAMUX_ERRORS = {
  /** Nothing of the stream was acted upon: it may be tried elsewhere, whatever it carried. */
  refused: { ends: 'stream', text: 'the peer did not take the stream' },
  /** The same, of a stream that the peer had taken: what it leads to cannot be reached. */
  declined: { ends: 'stream', text: 'the peer cannot reach what the stream leads to' },
  reset: { ends: 'stream', text: 'the peer reset the stream' },
  'open-timeout': { ends: 'stream', text: 'the peer did not acknowledge the stream in time' },
  'half-close-timeout': { ends: 'stream', text: 'the peer did not end the stream in time' },
  'write-stalled': { ends: 'stream', text: 'the connection took no bytes for too long' },
  'held-too-much': { ends: 'stream', text: 'too much was received that nobody has consumed' },
  'budget-spent': { ends: 'stream', text: 'all sessions together hold too much' },
  /** The session of the stream ended; the cause says why. */
  'session-lost': { ends: 'stream', text: 'the session of the stream ended' },

  protocol: { ends: 'session', text: 'the peer broke the protocol', goAway: 1 },
  flood: { ends: 'session', text: 'the peer sent too many frames that carry nothing', goAway: 1 },
  'keep-alive-timeout': { ends: 'session', text: 'the peer has gone silent', goAway: 2 },
  'peer-go-away': { ends: 'session', text: 'the peer ended the session' },
  /** The transport holds more unsent bytes than its owner bears. */
  'peer-stalled': { ends: 'session', text: 'the peer reads nothing of what it is sent' },
  'connection-lost': { ends: 'session', text: 'the connection was lost' },
  /** The owner of the session ended it. */
  closed: { ends: 'session', text: 'the session was closed' },
} as const satisfies Record<string, ErrorRow>

export type YamuxErrorCode = keyof typeof YAMUX_ERRORS

/** The abnormal end of a stream or a session; told apart by `code`. */
export class YamuxError extends CodedError<YamuxErrorCode> {
  override readonly name = 'YamuxError'

  /** Without a `message` it says the code's own text. */
  constructor(code: YamuxErrorCode, message?: string, options?: ErrorOptions) {
    super(code, message ?? YAMUX_ERRORS[code].text, options)
  }
}

/** The GoAway code that tells a peer of `error`: the one place where errors become codes. */
export function goAwayCodeOf(error: YamuxError): GoAwayCode | undefined {
  const row: ErrorRow = YAMUX_ERRORS[error.code]
  return row.goAway
}
