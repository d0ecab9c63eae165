const TICK_MS = 10

/** The beat of the load: what a service or a client does next, it does at one of its ticks. */
export class Ticker {
  private waiting: { atMs: number; wake: () => void }[] = []
  private readonly timer = setInterval(() => this.tick(), TICK_MS)

  /** Resolves at the first tick that is so far away. */
  async after(ms: number): Promise<void> {
    const atMs = performance.now() + ms
    await new Promise<void>((wake) => {
      this.waiting.push({ atMs, wake })
    })
  }

  stop(): void {
    clearInterval(this.timer)
    for (const { wake } of this.waiting.splice(0)) wake()
  }

  private tick(): void {
    const nowMs = performance.now()
    const due = this.waiting.filter(({ atMs }) => atMs <= nowMs)
    if (due.length === 0) return
    this.waiting = this.waiting.filter(({ atMs }) => atMs > nowMs)
    for (const { wake } of due) wake()
  }
}
