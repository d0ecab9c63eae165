import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'

/** How a program ended. */
export interface ProgramEnd {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

/** A program in a process of its own, as a shell would start it; its test's end is also its own. */
export class RunningProgram {
  readonly child: ChildProcess
  /** Resolves when it has ended and all of its output has come. */
  readonly ended: Promise<ProgramEnd>
  private readonly lines: string[] = []
  private readonly news = new EventEmitter<{ line: [] }>()
  private readonly output = { stdout: '', stderr: '' }

  /** Runs Node with these arguments; `under` is a command that runs the one behind it. */
  constructor(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    under: readonly string[] = [],
  ) {
    const [program, ...rest] = [...under, process.execPath, ...args] as [string, ...string[]]
    this.child = spawn(program, rest, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    })
    this.read('stdout')
    this.read('stderr')
    this.ended = this.waitForEnd()
    onTestFinished(async () => {
      this.child.kill('SIGKILL')
      await this.ended
    })
  }

  /** Resolves with the match in the first line, past or future, that `pattern` fits. */
  async line(pattern: RegExp): Promise<RegExpExecArray> {
    return this.lineFrom(0, pattern)
  }

  /** The same for lines that are yet to come. */
  async nextLine(pattern: RegExp): Promise<RegExpExecArray> {
    return this.lineFrom(this.lines.length, pattern)
  }

  /** Sends a signal and resolves with the end. */
  async stop(signal: NodeJS.Signals): Promise<ProgramEnd> {
    this.child.kill(signal)
    return this.ended
  }

  private async lineFrom(from: number, pattern: RegExp): Promise<RegExpExecArray> {
    for (let seen = from; ;) {
      for (; seen < this.lines.length; seen++) {
        const match = pattern.exec(this.lines[seen] as string)
        if (match !== null) return match
      }
      const end = await Promise.race([once(this.news, 'line'), this.ended])
      if (!Array.isArray(end) && seen === this.lines.length) {
        throw new Error(`ended without a line like ${pattern}: ${JSON.stringify(end)}`)
      }
    }
  }

  private read(name: 'stdout' | 'stderr'): void {
    const input = this.child[name]
    if (input === null) return
    createInterface({ input }).on('line', (line) => {
      this.output[name] += `${line}\n`
      this.lines.push(line)
      this.news.emit('line')
    })
  }

  private async waitForEnd(): Promise<ProgramEnd> {
    const [code, signal] = (await once(this.child, 'close')) as [number | null, string | null]
    return { code, signal, ...this.output }
  }
}

/** Whether a process with this id exists. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
