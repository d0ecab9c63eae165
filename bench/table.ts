import { cellTitle } from './cells.ts'
import type { GoalOutcome } from './goals.ts'
import type { ContenderName } from './options.ts'
import type { CellSummary, Row } from './summary.ts'

const LABELS: Readonly<Record<ContenderName, string>> = {
  direct: 'direct',
  nginx1: 'nginx ×1',
  nginx2: 'nginx ×2',
  piko: 'piko',
  relayed: 'piko, relayed',
  peer: 'peer',
}

interface Column {
  readonly title: string
  cell(row: Row): string
}

const NONE = '–'

const RATIO: Column = {
  title: '× nginx ×2',
  cell: ({ vsNginx2 }) => (vsNginx2 === undefined ? NONE : vsNginx2.median.toFixed(2)),
}
const PEAK: Column = {
  title: 'peak MB',
  cell: ({ peakRssBytes }) => (peakRssBytes === 0 ? NONE : (peakRssBytes / 1e6).toFixed(0)),
}
const FAILED: Column = { title: 'failed', cell: ({ failed }) => (failed === 0 ? '' : `${failed}`) }

const REQUEST_COLUMNS: readonly Column[] = [
  { title: 'CPU µs/request', cell: (row) => cpu(row, 1) },
  RATIO,
  { title: 'requests/s', cell: ({ rate }) => rate.median.toFixed(0) },
  { title: 'p50 ms', cell: ({ p50Us }) => milliseconds(p50Us) },
  { title: 'p99 ms', cell: ({ p99Us }) => milliseconds(p99Us) },
  {
    title: 'syscalls/request',
    cell: ({ syscalls }) =>
      syscalls === undefined ? NONE : syscalls.map((count) => count.toFixed(2)).join(' + '),
  },
  PEAK,
  FAILED,
]

const STREAM_COLUMNS: readonly Column[] = [
  { title: 'CPU ms/GiB', cell: (row) => cpu(row, 1_000) },
  RATIO,
  { title: 'MB/s', cell: ({ rate }) => `${rate.median.toFixed(0)} (${range(rate, 1)})` },
  PEAK,
  FAILED,
]

const MARKS = { aim: '✓ aim', must: '✓ must', missed: '✗ MISSED' } as const

/** A cell of the matrix, ready to print: medians (min–max), and how it did against its goals. */
export function renderCell({ cell, rows }: CellSummary, goals: readonly GoalOutcome[]): string {
  const columns = cell.kind === 'stream' ? STREAM_COLUMNS : REQUEST_COLUMNS
  const grid = [
    [cellTitle(cell), ...columns.map(({ title }) => title)],
    ...rows.map((row) => [
      `  ${LABELS[row.contender]}`,
      ...columns.map((column) => column.cell(row)),
    ]),
  ]
  const verdicts = goals.map(({ contender, text, limits, verdict }) => {
    return `  ${MARKS[verdict].padEnd(9)} ${LABELS[contender]}: ${text} (${limits})`
  })
  return [...alignColumns(grid), ...verdicts, ''].join('\n')
}

const FIRST_WIDTH = 30

function alignColumns(grid: readonly (readonly string[])[]): string[] {
  const widths = (grid[0] ?? []).map((_, column) =>
    Math.max(...grid.map((cells) => cells[column]?.length ?? 0), column === 0 ? FIRST_WIDTH : 0),
  )
  return grid.map((cells) =>
    cells
      .map((text, column) => {
        const width = widths[column] as number
        return column === 0 ? text.padEnd(width) : text.padStart(width)
      })
      .join('  ')
      .trimEnd(),
  )
}

function cpu({ contender, cpuUs }: Row, unitUs: number): string {
  if (contender === 'direct') return NONE
  return `${figure(cpuUs.median / unitUs)} (${range(cpuUs, unitUs)})`
}

function range({ min, max }: { min: number; max: number }, unit: number): string {
  return `${figure(min / unit)}–${figure(max / unit)}`
}

function milliseconds(us: number | undefined): string {
  return us === undefined ? NONE : (us / 1_000).toFixed(2)
}

function figure(value: number): string {
  return value.toFixed(value < 100 ? 1 : 0)
}
