import type { Ticking } from '../../net/heartbeat.ts'

/** A request whose body is still coming. */
export interface IncomingBody {
  /** Bytes of the body so far. */
  readonly requestBytes: number
  /** Whether the client is the one that is waited for. */
  readonly awaitsClient: boolean
  /** The body came too slowly: ends the request. */
  tooSlow(): void
}

export type SlowBodyLimit = 'read_timeout' | 'min_body_rate'

export interface BodyPace {
  /** The longest pause in the middle of a body; 0 is for ever. */
  readonly idleMs: number
  /** Bytes per second, over RATE_WINDOW_MS; 0 is any. */
  readonly minRate: number
}

export interface SlowBodiesOptions extends BodyPace {
  readonly exceeded: (limit: SlowBodyLimit) => void
}

/** Long enough for a client that pauses, or loses its network for a moment. */
const RATE_WINDOW_MS = 30_000

/** How far a body was when it was last seen to move, and when the rate's window began. */
interface Mark {
  bytes: number
  movedMs: number
  windowBytes: number
  windowMs: number
}

/**
 * Ends requests whose clients send their bodies too slowly: nobody else can use what they occupy.
 * All of them are looked at once a second. What waits for its upstream is never to blame.
 */
export class SlowBodies implements Ticking {
  private options: SlowBodiesOptions
  private readonly marks = new Map<IncomingBody, Mark>()

  constructor(options: SlowBodiesOptions) {
    this.options = options
  }

  configure(pace: BodyPace): void {
    this.options = { ...this.options, ...pace }
  }

  watch(body: IncomingBody): void {
    if (this.marks.has(body)) return
    this.marks.set(body, freshMark(body, performance.now()))
  }

  forget(body: IncomingBody): void {
    this.marks.delete(body)
  }

  /** A body that somebody else found to stand still. */
  stalled(body: IncomingBody): void {
    this.end(body, 'read_timeout')
  }

  tick(nowMs: number): void {
    for (const [body, mark] of this.marks) {
      if (!body.awaitsClient) {
        Object.assign(mark, freshMark(body, nowMs))
        continue
      }
      const limit = this.limitMet(body, mark, nowMs)
      if (limit !== undefined) this.end(body, limit)
    }
  }

  private end(body: IncomingBody, limit: SlowBodyLimit): void {
    this.marks.delete(body)
    this.options.exceeded(limit)
    body.tooSlow()
  }

  private limitMet(body: IncomingBody, mark: Mark, nowMs: number): SlowBodyLimit | undefined {
    const { idleMs, minRate } = this.options
    const { requestBytes } = body
    if (requestBytes > mark.bytes) {
      mark.bytes = requestBytes
      mark.movedMs = nowMs
    } else if (idleMs > 0 && nowMs - mark.movedMs >= idleMs) {
      return 'read_timeout'
    }
    const windowMs = nowMs - mark.windowMs
    if (windowMs < RATE_WINDOW_MS) return undefined
    const rate = ((requestBytes - mark.windowBytes) * 1_000) / windowMs
    mark.windowBytes = requestBytes
    mark.windowMs = nowMs
    return rate < minRate ? 'min_body_rate' : undefined
  }
}

function freshMark({ requestBytes }: IncomingBody, nowMs: number): Mark {
  return { bytes: requestBytes, movedMs: nowMs, windowBytes: requestBytes, windowMs: nowMs }
}
