/** A stream in the line. */
export interface Sender {
  /** Sends its share; joins the line again if it wants more. */
  takeTurn(): void
  /** The transport took nothing for too long. */
  stalled(): void
}

/**
 * The streams that wait for the transport and share it fairly: one share each, round and round.
 *
 *              ┌──────── wants more: to the back ─────────┐
 *              ▼                                          │
 *     join ─▶ [ stream ][ stream ][ stream ] ─ front ─▶ takeTurn ─▶ transport
 *                                                   until it is full
 *
 * It runs only while the transport has room, and always to its end: so whoever finds the line empty
 * and the transport free may send at once.
 */
export class SendLine {
  private readonly line = new Set<Sender>()
  private readonly stallTimeoutMs: number
  private congested = false
  private isRunning = false
  /** When the transport was last seen to take bytes, while it is full. */
  private movedMs = 0

  constructor(stallTimeoutMs: number) {
    this.stallTimeoutMs = stallTimeoutMs
  }

  /** The transport is full. */
  get isCongested(): boolean {
    return this.congested
  }

  /** Who wants to send must join the line: it is full, or others were here first. */
  get isBusy(): boolean {
    return this.congested || this.line.size > 0
  }

  join(sender: Sender): void {
    this.line.add(sender)
  }

  leave(sender: Sender): void {
    this.line.delete(sender)
  }

  /** Saying again that it is full means: it is still full, but it took some. */
  setCongested(congested: boolean, nowMs: number): void {
    this.congested = congested
    this.movedMs = nowMs
    if (!congested) this.run()
  }

  /** Tells the streams in line when the transport has stood still for too long. */
  tick(nowMs: number): void {
    if (!this.congested || nowMs - this.movedMs < this.stallTimeoutMs) return
    for (const sender of this.line) sender.stalled()
  }

  /* A loop over a Set reaches what is added on the way: joining again is going to the back. */
  private run(): void {
    if (this.isRunning) return
    this.isRunning = true
    for (const sender of this.line) {
      if (this.congested) break
      this.line.delete(sender)
      sender.takeTurn()
    }
    this.isRunning = false
  }
}
