import type { CellSummary, Row } from './summary.ts'
import type { ContenderName } from './options.ts'

/** What Piko has to reach in a cell, and what it would like to. */
interface Goal {
  readonly cell: string
  readonly contender: ContenderName
  readonly what: string
  readonly must: number
  readonly aim: number
  readonly better: 'lower' | 'higher'
  measured(row: Row): number | undefined
}

export interface GoalOutcome {
  readonly cell: string
  readonly contender: ContenderName
  /** `CPU 1.12× nginx ×2` */
  readonly text: string
  readonly limits: string
  readonly verdict: 'aim' | 'must' | 'missed'
}

const GOALS: readonly Goal[] = [
  cpuGoal('100B@1', 2.2, 1.6),
  cpuGoal('100B@32', 1.25, 0.95),
  cpuGoal('100B@256', 1.15, 0.85),
  cpuGoal('64KiB@32', 1.3, 1),
  cpuGoal('1MiB@32', 1.3, 1),
  {
    cell: '100B@32',
    contender: 'piko',
    what: 'syscalls per request and process',
    must: 2.6,
    aim: 2.2,
    better: 'lower',
    measured: ({ syscalls }) => (syscalls === undefined ? undefined : Math.max(...syscalls)),
  },
  {
    cell: '100B@32',
    contender: 'relayed',
    what: 'CPU against not relayed',
    must: 1.7,
    aim: 1.4,
    better: 'lower',
    measured: ({ vsPiko }) => vsPiko?.median,
  },
  ...['down', 'up'].flatMap((cell) => [rateGoal(cell), memoryGoal(cell)]),
]

function cpuGoal(cell: string, must: number, aim: number): Goal {
  return {
    cell,
    contender: 'piko',
    what: 'CPU against nginx ×2',
    must,
    aim,
    better: 'lower',
    measured: ({ vsNginx2 }) => vsNginx2?.median,
  }
}

function rateGoal(cell: string): Goal {
  return {
    cell,
    contender: 'piko',
    what: 'MB/s',
    must: 300,
    aim: 500,
    better: 'higher',
    measured: ({ rate }) => rate.median,
  }
}

function memoryGoal(cell: string): Goal {
  return {
    cell,
    contender: 'piko',
    what: 'peak RSS in MB',
    must: 130,
    aim: 130,
    better: 'lower',
    measured: ({ peakRssBytes }) => peakRssBytes / 1e6,
  }
}

/** How a cell did; goals without a measurement are left out. */
export function judge({ cell, rows }: CellSummary): GoalOutcome[] {
  return GOALS.flatMap((goal) => {
    const row = rows.find(({ contender }) => contender === goal.contender)
    const value = goal.cell === cell.name && row !== undefined ? goal.measured(row) : undefined
    return value === undefined || Number.isNaN(value) ? [] : [outcome(goal, value)]
  })
}

function outcome(goal: Goal, value: number): GoalOutcome {
  const { cell, contender, what, must, aim, better } = goal
  const reaches = (limit: number): boolean => (better === 'lower' ? value <= limit : value >= limit)
  const sign = better === 'lower' ? '≤' : '≥'
  return {
    cell,
    contender,
    text: `${what} ${value.toFixed(value < 10 ? 2 : 0)}`,
    limits: `must ${sign} ${must}, aim ${sign} ${aim}`,
    verdict: reaches(aim) ? 'aim' : reaches(must) ? 'must' : 'missed',
  }
}
