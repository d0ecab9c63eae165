import type { CellResult, Series } from './rounds.ts'
import type { Cell } from './cells.ts'
import type { ContenderName } from './options.ts'

/** The middle of some numbers, and how far they lie apart. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** One row of the table. */
export interface Row {
  readonly contender: ContenderName
  readonly cpuUs: Spread
  /** Processor time as a multiple of another contender's, round by round. */
  readonly vsNginx2: Spread | undefined
  readonly vsPiko: Spread | undefined
  readonly rate: Spread
  readonly p50Us: number | undefined
  readonly p99Us: number | undefined
  readonly failed: number
  readonly peakRssBytes: number
  /** Per request, of each process. */
  readonly syscalls: readonly number[] | undefined
}

export interface CellSummary {
  readonly cell: Cell
  readonly rows: readonly Row[]
}

export function summarize({ cell, series }: CellResult): CellSummary {
  const nginx2 = series.find(({ contender }) => contender === 'nginx2')
  const piko = series.find(({ contender }) => contender === 'piko')
  const rows = series.map((one): Row => {
    const { contender, samples, syscalls } = one
    return {
      contender,
      cpuUs: spread(samples.map(({ cpuUs }) => cpuUs)),
      vsNginx2: ratio(one, nginx2),
      vsPiko: ratio(one, piko),
      rate: spread(samples.map(({ rate }) => rate)),
      p50Us: medianOf(samples.map(({ p50Us }) => p50Us)),
      p99Us: medianOf(samples.map(({ p99Us }) => p99Us)),
      failed: samples.reduce((sum, { failed }) => sum + failed, 0),
      peakRssBytes: Math.max(...samples.map(({ peakRssBytes }) => peakRssBytes)),
      syscalls,
    }
  })
  return { cell, rows }
}

/** Of samples that were taken in the same round, one after the other. */
function ratio(one: Series, base: Series | undefined): Spread | undefined {
  if (base === undefined || one.contender === 'direct') return undefined
  return spread(
    one.samples.map(({ cpuUs }, round) => cpuUs / (base.samples[round]?.cpuUs ?? Number.NaN)),
  )
}

/** Samples that failed are NaN, and do not count. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  const low = sorted[Math.floor(middle)] ?? Number.NaN
  const high = sorted[Math.ceil(middle)] ?? Number.NaN
  return {
    median: (low + high) / 2,
    min: sorted[0] ?? Number.NaN,
    max: sorted.at(-1) ?? Number.NaN,
  }
}

function medianOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : spread(known).median
}
