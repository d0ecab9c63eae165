/** A gap of this many intervals between two calls means that this node was not running. */
const STALL_INTERVALS = 10

/**
 * Time as this node lived it. A node whose event loop stalled, whose machine slept or whose clock
 * jumped did not hear its peers, and silence in that time says nothing of them: a gap longer than
 * `stallMs` counts as one interval, whatever its length, and a step back as nothing.
 *
 *     now    0──100──200───────────(stalled)──────────9000──9100
 *     time   0──100──200─────────────────────────────▶ 300───400
 *
 * It is not quite nothing, so that a node that never runs for long still gets on.
 * The same idea as Lifeguard's local health (Dadgar et al., 2017): look at yourself first.
 */
export class AwakeClock {
  private readonly stallMs: number
  private readonly intervalMs: number
  private lastNow: number
  private lived = 0

  constructor(now: number, intervalMs: number) {
    this.lastNow = now
    this.intervalMs = intervalMs
    this.stallMs = STALL_INTERVALS * intervalMs
  }

  /** Milliseconds awake since the start. */
  get time(): number {
    return this.lived
  }

  /** Takes the shell's `now`; whether time was lost on the way here, or made no sense. */
  observe(now: number): boolean {
    const gap = now - this.lastNow
    this.lastNow = now
    const isLost = gap < 0 || gap > this.stallMs
    if (gap > 0) this.lived += isLost ? this.intervalMs : gap
    return isLost
  }

  /** A moment of `time` on the shell's clock, as things stand. */
  toNow(time: number): number {
    return this.lastNow + (time - this.lived)
  }
}
