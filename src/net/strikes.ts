const WINDOW_MS = 1_000

/** Counts what addresses did wrong, within about a second. */
export class Strikes {
  private readonly max: number
  private readonly counts = new Map<string, number>()
  private sinceMs = 0

  constructor(max: number) {
    this.max = max
  }

  /** One more. Whether that is more than may be. */
  note(address: string, nowMs: number): boolean {
    if (nowMs - this.sinceMs >= WINDOW_MS) {
      this.counts.clear()
      this.sinceMs = nowMs
    }
    const count = (this.counts.get(address) ?? 0) + 1
    this.counts.set(address, count)
    return count > this.max
  }
}
