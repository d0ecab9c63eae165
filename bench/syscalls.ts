import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import type { RequestCell } from './cells.ts'
import type { Contender } from './contender.ts'
import { SEARCH_PATH, isInstalled } from './requirements.ts'
import { wrkLoad } from './wrk-load.ts'

const EVENT = ['-e', 'raw_syscalls:sys_enter', '-x', ',']
const ENV = { ...process.env, PATH: SEARCH_PATH }

/** Why syscalls cannot be counted here; undefined when they can. */
export function whyNoSyscalls(): string | undefined {
  if (!isInstalled('perf')) return 'perf is not installed (apt-get install linux-perf)'
  const { status, stderr } = spawnSync('perf', ['stat', ...EVENT, 'true'], {
    encoding: 'utf8',
    env: ENV,
  })
  const counts = status === 0 && /^\d+,/m.test(stderr)
  return counts ? undefined : 'perf may not count here (kernel.perf_event_paranoid, or a container)'
}

/** Syscalls per request of each process that makes any; a run of its own, as counting costs. */
export async function syscallsPerRequest(
  contender: Contender,
  cell: RequestCell,
): Promise<readonly number[]> {
  const counters = contender.pids.map((pid) => new SyscallCounter(pid))
  const { requests } = await wrkLoad(contender, cell, 1)
  const counts = await Promise.all(counters.map(async (counter) => counter.stop()))
  // nginx's masters only wait.
  return counts.map((count) => count / requests).filter((perRequest) => perRequest > 0.01)
}

class SyscallCounter {
  private readonly perf
  private text = ''

  constructor(pid: number) {
    this.perf = spawn('perf', ['stat', ...EVENT, '-p', String(pid)], {
      env: ENV,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.perf.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      this.text += chunk
    })
  }

  async stop(): Promise<number> {
    const closed = once(this.perf, 'close')
    this.perf.kill('SIGINT')
    await closed
    return Number(/^(\d+),/m.exec(this.text)?.[1] ?? 0)
  }
}
