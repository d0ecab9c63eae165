/**
 * Nodes whose relay session failed a moment ago. One stays suspended for `suspendMs`, or until
 * gossip or a new session says that it is back.
 */
export class RelaySuspensions {
  private readonly suspendMs: number
  private readonly suspendedUntil = new Map<string, number>()

  constructor(suspendMs: number) {
    this.suspendMs = suspendMs
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
}
