const WINDOW_MS = 1_000

/** Counts what addresses did wrong, within about a second. */
export class Strikes {
  private readonly counts = new Map<string, number>()
  private sinceMs = 0

  /** One more; tells how many there were. */
  note(address: string, nowMs: number): number {
    if (nowMs - this.sinceMs >= WINDOW_MS) {
      this.counts.clear()
      this.sinceMs = nowMs
    }
    const count = (this.counts.get(address) ?? 0) + 1
    this.counts.set(address, count)
    return count
  }
}
