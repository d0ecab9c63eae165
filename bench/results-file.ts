import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { join } from 'node:path'
import type { GoalOutcome } from './goals.ts'
import type { BenchOptions } from './options.ts'
import { versionOf } from './requirements.ts'
import type { CellResult } from './rounds.ts'
import { summarize } from './summary.ts'

/** What a result is worth nothing without: where and of what it was measured. */
export function surroundings() {
  return {
    date: new Date().toISOString(),
    commit: commit(),
    machine: {
      processor: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      memoryBytes: totalmem(),
      kernel: release(),
      /** Above 2 somebody else was working, too. */
      loadAverage: loadavg(),
    },
    versions: {
      node: process.version,
      nginx: versionOf('nginx', '-v'),
      wrk: versionOf('wrk', '-v'),
    },
  }
}

/** Writes `<date>-<commit>.json` with every sample; returns its path. */
export function saveResults(
  folder: string,
  options: BenchOptions,
  { results, goals }: { results: readonly CellResult[]; goals: readonly GoalOutcome[] },
): string {
  const about = surroundings()
  const { rounds, seconds, peer, serverFlags, agentFlags } = options
  const cells = results.map((result) => ({ ...summarize(result), series: result.series }))
  const path = join(folder, `${about.date.slice(0, 10)}-${about.commit}.json`)
  mkdirSync(folder, { recursive: true })
  const settings = { rounds, seconds, serverFlags, agentFlags, isPeerMeasured: peer !== undefined }
  writeFileSync(path, `${JSON.stringify({ ...about, settings, cells, goals }, null, 2)}\n`)
  return path
}

/** The short name of the commit that is checked out; with `-dirty` when files differ from it. */
function commit(): string {
  const { status, stdout } = spawnSync('git', ['describe', '--always', '--dirty', '--exclude=*'], {
    encoding: 'utf8',
  })
  return status === 0 ? stdout.trim() : 'unknown'
}
