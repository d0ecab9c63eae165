import { readFileSync, readdirSync, writeFileSync } from 'node:fs'

/** Linux counts processor time in hundredths of a second for every program that asks. */
const TICK_US = 10_000

/** The processes and everything that they started (nginx's workers), by pid. */
export function withDescendants(pids: readonly number[]): number[] {
  const found = new Set(pids)
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), parentOf(Number(name))] as const)
  // Children nearly always have higher pids than their parents, but numbers wrap: until it settles.
  for (let before = -1; before !== found.size;) {
    before = found.size
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid)
  }
  return [...found]
}

/** User and system time that the processes have used since they started, with all threads. */
export function cpuUs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const fields = statFields(pid)
    return sum + (Number(fields[11]) + Number(fields[12])) * TICK_US
  }, 0)
}

/** The largest resident memory of any one of the processes since `resetPeak`, in bytes. */
export function peakRssBytes(pids: readonly number[]): number {
  return Math.max(0, ...pids.map((pid) => statusBytes(pid, 'VmHWM')))
}

/** Resident memory now, in bytes. */
export function rssBytes(pid: number): number {
  return statusBytes(pid, 'VmRSS')
}

/** Lets the peak start again from what is resident now. */
export function resetPeak(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      writeFileSync(`/proc/${pid}/clear_refs`, '5')
    } catch {
      // Not ours to reset (a worker of another user): its peak is then that of its whole life.
    }
  }
}

function statusBytes(pid: number, field: string): number {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(
    readFileSync(`/proc/${pid}/status`, 'utf8'),
  )
  return Number(match?.[1] ?? 0) * 1_024
}

function parentOf(pid: number): number {
  try {
    return Number(statFields(pid)[1])
  } catch {
    return 0 // It ended while we looked.
  }
}

/** proc(5), /proc/pid/stat, from the state on: the name before it may hold blanks and brackets. */
function statFields(pid: number): string[] {
  const line = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return line.slice(line.lastIndexOf(')') + 2).split(' ')
}
