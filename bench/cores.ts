import { availableParallelism } from 'node:os'
import { spawnSync } from 'node:child_process'
import { BenchError } from './bench-error.ts'

/**
 * Who runs where: what is measured has a processor core for itself, so that the load and the
 * origin, whose cost is not of interest, do not take its time or its cache.
 *
 *     core 0   nginx hops, piko server, piko agent, the peer
 *     core 1   wrk, origin, this program
 */
export const CORE = { proxies: 0, load: 1 } as const

/** Moves this process, and with it whatever it starts unpinned, to the load's core. */
export function pinToLoadCore(): void {
  if (availableParallelism() < 2) throw new BenchError('the benchmark needs two processor cores')
  const { status, stderr } = spawnSync('taskset', ['-acp', `${CORE.load}`, `${process.pid}`])
  if (status !== 0) throw new BenchError(`cannot choose processor cores: ${String(stderr)}`)
}
