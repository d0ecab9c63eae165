/** Timers of Node are not exact: a debt this small is none. */
const SHORTEST_WAIT_MS = 1

/**
 * How many bytes a second somebody may move. Bytes are paid for from a balance that grows at that
 * rate, up to a second's worth. Whoever finds it overdrawn waits in line:
 *
 *     ──behind──┬──overdrawn──┬──────────────┐
 *          -1 second          0          1 second
 *      nothing new        all wait     all go on
 */
export class ByteRate {
  private readonly bytesPerSecond: number
  private balance: number
  private filledMs = performance.now()
  /** In the order in which they came. */
  private readonly line: (() => void)[] = []
  private timer: NodeJS.Timeout | undefined

  constructor(bytesPerSecond: number) {
    this.bytesPerSecond = bytesPerSecond
    this.balance = bytesPerSecond
  }

  get isOverdrawn(): boolean {
    return this.filled() < 0
  }

  /** More than a second's worth was moved ahead of time. */
  get isBehind(): boolean {
    return this.filled() < -this.bytesPerSecond
  }

  /** Pays for bytes; whoever paid for too many takes some back by a negative count. */
  spend(byteCount: number): void {
    this.balance = this.filled() - byteCount
  }

  /** Calls `goOn` when nothing is overdrawn and all who came before have gone on. */
  wait(goOn: () => void): void {
    this.line.push(goOn)
    this.timer ??= this.nextTurn()
  }

  private nextTurn(): NodeJS.Timeout {
    const waitMs = (-this.filled() / this.bytesPerSecond) * 1_000
    // It keeps nobody alive: a connection that waits does so itself.
    return setTimeout(() => this.serve(), Math.max(SHORTEST_WAIT_MS, waitMs)).unref()
  }

  private serve(): void {
    while (this.line.length > 0 && !this.isOverdrawn) this.line.shift()?.()
    this.timer = this.line.length > 0 ? this.nextTurn() : undefined
  }

  private filled(): number {
    const nowMs = performance.now()
    const grown = ((nowMs - this.filledMs) / 1_000) * this.bytesPerSecond
    this.filledMs = nowMs
    this.balance = Math.min(this.bytesPerSecond, this.balance + grown)
    return this.balance
  }
}
