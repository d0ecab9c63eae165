export interface SuspensionTimes {
  /** How long one is suspended by its first failure. */
  readonly suspendMs: number
  readonly suspendMaxMs: number
}

/** One that did not fail for so long has a clean record. */
const FORGET_MS = 30_000

/**
 * Those that failed a moment ago, and should be passed over while there are others. Each failure
 * that follows another one suspends for twice as long. Times are in milliseconds.
 */
export class Suspensions<Key> {
  private readonly times: SuspensionTimes
  private readonly records = new Map<Key, { until: number; failures: number }>()

  constructor(times: SuspensionTimes) {
    this.times = times
  }

  /** Whether none has failed lately. */
  get isEmpty(): boolean {
    return this.records.size === 0
  }

  failed(key: Key, now: number): void {
    for (const [other, { until }] of this.records) {
      if (until + FORGET_MS <= now) this.records.delete(other)
    }
    const { failures, until } = this.records.get(key) ?? { failures: 0, until: now }
    // One that is tried though it is suspended, because there is no other, learns nothing new.
    if (now < until) return
    const { suspendMs, suspendMaxMs } = this.times
    const durationMs = Math.min(suspendMaxMs, suspendMs * 2 ** failures)
    this.records.set(key, { until: now + durationMs, failures: failures + 1 })
  }

  recovered(key: Key): void {
    this.records.delete(key)
  }

  isSuspended(key: Key, now: number): boolean {
    const record = this.records.get(key)
    return record !== undefined && now < record.until
  }
}
