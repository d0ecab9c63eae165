/** A bucket is this much wider than the one before: no quantile is off by more. */
const GROWTH = 1.01
const LOG_GROWTH = Math.log(GROWTH)

/**
 * Durations counted in buckets whose bounds grow by a hundredth each, so that memory depends on the
 * longest duration and not on their number:
 *
 *     1 µs   1.01   1.02 …        1 ms   1.01 …            60 s
 *     ├──────┼──────┼──────  …  ──┼──────┼──────  …  ───────┤    1,800 buckets
 */
export class LatencyHistogram {
  private readonly counts: number[] = []
  private total = 0
  maxMs = 0

  get count(): number {
    return this.total
  }

  add(durationMs: number): void {
    const us = Math.max(1, durationMs * 1_000)
    const bucket = Math.floor(Math.log(us) / LOG_GROWTH)
    while (this.counts.length <= bucket) this.counts.push(0)
    this.counts[bucket] = (this.counts[bucket] as number) + 1
    this.total += 1
    this.maxMs = Math.max(this.maxMs, durationMs)
  }

  /** What `share` (0 to 1) of the durations do not exceed, in milliseconds; 0 without any. */
  quantileMs(share: number): number {
    let left = Math.ceil(share * this.total)
    for (const [bucket, count] of this.counts.entries()) {
      left -= count
      if (count > 0 && left <= 0) return Math.min(this.maxMs, GROWTH ** (bucket + 1) / 1_000)
    }
    return this.maxMs
  }
}
