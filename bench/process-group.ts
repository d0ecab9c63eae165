import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, chmodSync, openSync, closeSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withDescendants } from './process-usage.ts'
import { SEARCH_PATH } from './requirements.ts'

/** A program that was started, and where its output goes. */
export interface Running {
  readonly name: string
  readonly pid: number
  readonly child: ChildProcess
  readonly logPath: string
}

/** How long a program may take to leave when it is asked to. */
const LEAVE_MS = 3_000

/**
 * The programs of a run and their folder. Everything that was started here ends with `close`, or
 * with this process, whatever ends it; each by its own pid.
 */
export class ProcessGroup {
  /** For configurations and logs; readable for nginx's workers. */
  readonly folder = mkdtempSync(join(tmpdir(), 'piko-bench-'))
  private readonly running = new Set<Running>()
  private readonly atExit = (): void => this.killAll()

  constructor() {
    chmodSync(this.folder, 0o755)
    process.once('exit', this.atExit)
  }

  /** Starts a program on a core, its output in a file. */
  start(name: string, core: number, command: readonly string[]): Running {
    const logPath = join(this.folder, `${name}.log`)
    const log = openSync(logPath, 'a')
    const child = spawn('taskset', ['-c', `${core}`, ...command], {
      cwd: this.folder,
      env: { ...process.env, PATH: SEARCH_PATH },
      stdio: ['ignore', log, log],
    })
    closeSync(log)
    // A command that does not exist shows as one that is never ready, with taskset's words in its
    // log.
    const started = { name, pid: child.pid ?? -1, child, logPath }
    this.running.add(started)
    return started
  }

  /** Asks everything to leave, and waits for it. */
  async stop(processes: Iterable<Running> = [...this.running]): Promise<void> {
    await Promise.all([...processes].map(async (running) => this.stopOne(running)))
  }

  /** Stops everything and removes the folder. */
  async close(): Promise<void> {
    await this.stop()
    process.off('exit', this.atExit)
    this.removeFolder()
  }

  private async stopOne(running: Running): Promise<void> {
    const { child } = running
    if (isAlive(child)) {
      const gone = once(child, 'exit')
      const impatience = setTimeout(() => child.kill('SIGKILL'), LEAVE_MS)
      child.kill('SIGTERM')
      await gone
      clearTimeout(impatience)
    }
    this.running.delete(running)
  }

  private killAll(): void {
    // Loads and counters are not in the list, and nginx's workers outlive a master that is killed.
    for (const pid of withDescendants([process.pid])) if (pid !== process.pid) kill(pid)
    this.removeFolder()
  }

  private removeFolder(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself.
  }
}

function isAlive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null
}

export function hasEnded({ child }: Running): boolean {
  return !isAlive(child)
}

/** The last lines that a program wrote: why it did not come up. */
export function lastWords({ logPath }: Running): string {
  return readFileSync(logPath, 'utf8').trimEnd().split('\n').slice(-5).join('\n')
}
