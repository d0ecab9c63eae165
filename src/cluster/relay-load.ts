/**
 * What relaying to each node is like from here: how much is in flight, and whether its relay
 * session failed a moment ago. A node stays suspended for `suspendMs` after a failure, or until
 * gossip or a new session says that it is back.
 */
export class RelayLoad {
  private readonly suspendMs: number
  private readonly counts = new Map<string, number>()
  private readonly suspendedUntil = new Map<string, number>()

  constructor(suspendMs: number) {
    this.suspendMs = suspendMs
  }

  inFlight(id: string): number {
    return this.counts.get(id) ?? 0
  }

  /** Counts one relayed request or connection; the returned function ends it, once. */
  begin(id: string): () => void {
    this.counts.set(id, this.inFlight(id) + 1)
    let isOpen = true
    return () => {
      if (!isOpen) return
      isOpen = false
      this.end(id)
    }
  }

  failed(id: string, now: number): void {
    for (const [other, until] of this.suspendedUntil) {
      if (until <= now) this.suspendedUntil.delete(other)
    }
    this.suspendedUntil.set(id, now + this.suspendMs)
  }

  recovered(id: string): void {
    this.suspendedUntil.delete(id)
  }

  isSuspended(id: string, now: number): boolean {
    const until = this.suspendedUntil.get(id)
    return until !== undefined && now < until
  }

  private end(id: string): void {
    const rest = this.inFlight(id) - 1
    if (rest > 0) this.counts.set(id, rest)
    else this.counts.delete(id)
  }
}
