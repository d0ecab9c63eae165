/** Something that waits to send its SYN. */
export interface Opener {
  /** A slot is free: claim it. */
  openNow(): void
}

/**
 * Keeps the SYNs that the peer has not answered below a limit: acceptors of the Go peers reset what
 * comes above their backlog. Who finds no slot waits, first come first served.
 *
 *     claim ──▶ [slot][slot] … slotsMax            release ──▶ a slot is free
 *       └─ none free ─▶ waiting: [ opener ][ opener ] ── openNow ──▶ claim
 */
export class OpenGate {
  private readonly slotsMax: number
  private readonly waiting = new Set<Opener>()
  private taken = 0

  constructor(slotsMax: number) {
    this.slotsMax = slotsMax
  }

  /** Takes a slot; false when there is none, and then `opener` is in the queue. */
  claim(opener: Opener): boolean {
    if (this.taken < this.slotsMax) {
      this.taken += 1
      return true
    }
    this.waiting.add(opener)
    return false
  }

  release(): void {
    this.taken -= 1
    for (const opener of this.waiting) {
      if (this.taken >= this.slotsMax) return
      this.waiting.delete(opener)
      opener.openNow()
    }
  }

  /** Gives up waiting. */
  leave(opener: Opener): void {
    this.waiting.delete(opener)
  }

  has(opener: Opener): boolean {
    return this.waiting.has(opener)
  }
}
