/**
 * Time as this node lived it. A node whose event loop stalled, whose machine slept or whose clock
 * jumped did not hear its peers, and silence in that time says nothing of them: only
 * `stallMs` of any gap between two observations counts, and a step back counts as nothing.
 *
 *     now    0──100──200───────────(stalled)──────────9000──9100
 *     time   0──100──200────────────────────────────▶ 1200──1300
 *
 * The same idea as Lifeguard's local health (Dadgar et al., 2017): look at yourself first.
 */
export class AwakeClock {
  private readonly stallMs: number
  private lastNow: number
  private lived = 0

  constructor(now: number, stallMs: number) {
    this.lastNow = now
    this.stallMs = stallMs
  }

  /** Milliseconds awake since the start. */
  get time(): number {
    return this.lived
  }

  /** Takes the shell's `now`; whether time was lost on the way here, or made no sense. */
  observe(now: number): boolean {
    const gap = now - this.lastNow
    this.lastNow = now
    this.lived += Math.min(Math.max(gap, 0), this.stallMs)
    return gap < 0 || gap > this.stallMs
  }

  /** A moment of `time` on the shell's clock, as things stand. */
  toNow(time: number): number {
    return this.lastNow + (time - this.lived)
  }
}
