/** Prometheus' default buckets, in seconds. */
export const LATENCY_BUCKETS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
]

/** 256 B to 4 MiB in steps of 4. */
export const SIZE_BUCKETS: readonly number[] = Array.from({ length: 8 }, (_, i) => 256 * 4 ** i)

/** How often values fell at or below each bound. Counts are kept per bucket, summed when read. */
export class Histogram {
  readonly bounds: readonly number[]
  /** One count per bound, and one for what lies above them all. */
  readonly counts: Float64Array
  sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  observe(value: number): void {
    let bucket = 0
    while (bucket < this.bounds.length && value > (this.bounds[bucket] as number)) bucket += 1
    this.counts[bucket] = (this.counts[bucket] as number) + 1
    this.sum += value
  }
}
