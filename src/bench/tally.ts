import type { BenchReport } from './bench-report.ts'
import { LatencyHistogram } from './latency-histogram.ts'

/** Counts what becomes of requests. */
export class Tally {
  private readonly latencies = new LatencyHistogram()
  private readonly errors = new Map<string, number>()
  private failedCount = 0

  get count(): number {
    return this.latencies.count + this.failedCount
  }

  answered(durationMs: number): void {
    this.latencies.add(durationMs)
  }

  failed(kind: string): void {
    this.failedCount += 1
    this.errors.set(kind, (this.errors.get(kind) ?? 0) + 1)
  }

  report(durationMs: number): BenchReport {
    const { latencies } = this
    return {
      requests: this.count,
      failed: this.failedCount,
      durationMs,
      throughput: durationMs === 0 ? 0 : (latencies.count / durationMs) * 1_000,
      latencyMs: {
        p50: latencies.quantileMs(0.5),
        p90: latencies.quantileMs(0.9),
        p99: latencies.quantileMs(0.99),
        p999: latencies.quantileMs(0.999),
        max: latencies.maxMs,
      },
      errors: Object.fromEntries([...this.errors].sort(([, a], [, b]) => b - a)),
    }
  }
}
