/** How late a datagram may be, counted in those that its sender sent meanwhile. */
const WINDOW = 1_024
const WORDS = WINDOW / 32

/** Senders that are remembered; only those with the cluster's key are counted at all. */
const SENDERS_MAX = 4_096

/**
 * Remembers which datagrams of each sender were taken, so that none is taken twice (the window of
 * RFC 4303 §3.4.3):
 *
 *      too old: refused │ one bit each: taken or not │ ahead: taken
 *     ──────────────────┼────────────────────────────┼─────────────▶ counter
 *               highest − WINDOW                  highest
 *
 * Senders who were not heard for the longest time make room for new ones.
 */
export class ReplayGuard {
  private readonly senders = new Map<string, SenderWindow>()

  get senderCount(): number {
    return this.senders.size
  }

  /** Whether the datagram was not taken before, as far as is remembered. */
  isFresh(sender: string, counter: number): boolean {
    return this.senders.get(sender)?.isFresh(counter) ?? true
  }

  /** Remembers a datagram that is fresh, and known to be the sender's. */
  take(sender: string, counter: number): void {
    const window = this.senders.get(sender) ?? new SenderWindow()
    window.take(counter)
    this.senders.delete(sender)
    this.senders.set(sender, window)
    if (this.senders.size > SENDERS_MAX) this.dropQuietest()
  }

  private dropQuietest(): void {
    for (const sender of this.senders.keys()) {
      this.senders.delete(sender)
      return
    }
  }
}

/** The last counters of one sender; bit `counter % WINDOW` says whether it was taken. */
class SenderWindow {
  private highest = -1
  private readonly taken = new Uint32Array(WORDS)

  isFresh(counter: number): boolean {
    if (counter > this.highest) return true
    return counter > this.highest - WINDOW && (this.word(counter) & bit(counter)) === 0
  }

  take(counter: number): void {
    if (counter > this.highest) this.advance(counter)
    this.taken[wordOf(counter)] = this.word(counter) | bit(counter)
  }

  private advance(counter: number): void {
    if (counter - this.highest >= WINDOW) this.taken.fill(0)
    else for (let next = this.highest + 1; next < counter; next++) this.forget(next)
    this.forget(counter)
    this.highest = counter
  }

  private forget(counter: number): void {
    this.taken[wordOf(counter)] = this.word(counter) & ~bit(counter)
  }

  private word(counter: number): number {
    return this.taken[wordOf(counter)] as number
  }
}

function wordOf(counter: number): number {
  return Math.floor((counter % WINDOW) / 32)
}

function bit(counter: number): number {
  return 1 << (counter % 32)
}
