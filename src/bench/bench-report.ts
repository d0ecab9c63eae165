import { formatDuration } from '../std/duration.ts'
import type { BenchHttpConfig } from './config.ts'

/** What a benchmark found. */
export interface BenchReport {
  readonly requests: number
  readonly failed: number
  readonly durationMs: number
  /** Right answers per second. */
  readonly throughput: number
  /** Of right answers. */
  readonly latencyMs: Readonly<Record<'p50' | 'p90' | 'p99' | 'p999' | 'max', number>>
  /** How often each kind of failure was met, the most frequent first. */
  readonly errors: Readonly<Record<string, number>>
}

/** The report as text for people or as one line of JSON. Ends with a line break. */
export function formatReport(report: BenchReport, output: BenchHttpConfig['output']): string {
  return output === 'json' ? `${JSON.stringify(report)}\n` : formatText(report)
}

function formatText(report: BenchReport): string {
  const { requests, failed, durationMs, throughput, latencyMs, errors } = report
  const { p50, p90, p99, p999, max } = latencyMs
  const kinds = Object.entries(errors).map(([kind, count]) => `  ${count} × ${kind}`)
  return [
    `Throughput: ${throughput.toFixed(2)} requests/sec`,
    `Requests:   ${requests} in ${formatDuration(Math.round(durationMs))}, ${failed} failed`,
    `Latency:    p50 ${ms(p50)}  p90 ${ms(p90)}  p99 ${ms(p99)}  p99.9 ${ms(p999)}  max ${ms(max)}`,
    ...(kinds.length === 0 ? [] : ['Errors:', ...kinds]),
    '',
  ].join('\n')
}

function ms(durationMs: number): string {
  return `${durationMs.toFixed(durationMs < 10 ? 2 : 0)}ms`
}
