export interface SuspensionTimes {
  /** How long a node is suspended by its first failure. */
  readonly suspendMs: number
  readonly suspendMaxMs: number
}

/** A node that came back and did not fail for so long has a clean record. */
const FORGET_MS = 30_000

/**
 * Nodes whose relay session failed a moment ago. Each failure that follows another one suspends for
 * twice as long; gossip that says the node is back ends it.
 */
export class RelaySuspensions {
  private readonly times: SuspensionTimes
  private readonly records = new Map<string, { until: number; failures: number }>()

  constructor(times: SuspensionTimes) {
    this.times = times
  }

  failed(id: string, now: number): void {
    for (const [other, { until }] of this.records) {
      if (until + FORGET_MS <= now) this.records.delete(other)
    }
    const { failures, until } = this.records.get(id) ?? { failures: 0, until: now }
    // One that is tried though it is suspended, because there is no other, learns nothing new.
    if (now < until) return
    const { suspendMs, suspendMaxMs } = this.times
    const durationMs = Math.min(suspendMaxMs, suspendMs * 2 ** failures)
    this.records.set(id, { until: now + durationMs, failures: failures + 1 })
  }

  recovered(id: string): void {
    this.records.delete(id)
  }

  isSuspended(id: string, now: number): boolean {
    const record = this.records.get(id)
    return record !== undefined && now < record.until
  }
}
