import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { createInterface } from 'node:readline'
import { parseLogLine } from './log-line.ts'
import type { LogLine } from './log-line.ts'

/** How `piko` begins the line that says why it cannot run. */
const LAST_WORD = 'piko: '

/** How long a process may take to end when it is asked to. */
const STOP_MAX_MS = 8_000

/** A `piko` that ended though nobody told it to; the message is its own last word, if any. */
export class PikoEndedError extends Error {
  override readonly name = 'PikoEndedError'
}

/**
 * A running `piko`, known by its log:
 *
 *     starting ──log line──▶ running ──stop (SIGTERM)──▶ ended
 *         └─────────────── ends by itself ────────────────┘  PikoEndedError
 */
export class PikoProcess {
  readonly name: string
  /** Resolves when the process has ended and its log is read to the end. */
  readonly ended: Promise<PikoEndedError>
  private readonly child: ChildProcess
  private readonly lines = new EventEmitter<{ line: [LogLine] }>()
  private lastWord: string | undefined

  /**
   * Starts `command`, a program and its arguments. `name` tells its lines from those of others.
   */
  constructor(name: string, [program, ...args]: readonly [string, ...string[]]) {
    this.name = name
    // In a group of its own: a Ctrl-C is meant for this process, which ends its children in order.
    // The channel tells it when this process is gone.
    const stdio = ['ignore', 'pipe', 'pipe', 'ipc'] as const
    this.child = spawn(program, args, { detached: true, stdio: [...stdio] })
    this.lines.setMaxListeners(0)
    for (const input of [this.child.stdout, this.child.stderr]) {
      if (input !== null) createInterface({ input }).on('line', (text) => this.heard(text))
    }
    this.ended = this.waitForEnd()
    process.once('exit', this.kill)
  }

  get pid(): number | undefined {
    return this.child.pid
  }

  /** Calls back with every line of the log, and of what it prints. */
  onLine(listener: (line: LogLine) => void): void {
    this.lines.on('line', listener)
  }

  /**
   * Resolves with the last of the next `times` lines that have this message; rejects when the
   * process ends before.
   */
  async logged(message: string, times = 1): Promise<LogLine> {
    let missing = times
    return this.line((line) => {
      if (line.fields['msg'] === message) missing -= 1
      return missing === 0
    })
  }

  /** Resolves with the first line from now on that `fits`; rejects when the process ends before. */
  async line(fits: (line: LogLine) => boolean): Promise<LogLine> {
    return new Promise((resolve, reject) => {
      this.lines.on('line', (line) => {
        if (fits(line)) resolve(line)
      })
      void this.ended.then(reject)
    })
  }

  /** Asks it to end, and waits until it has; one that does not hear is ended all the same. */
  async stop(): Promise<void> {
    this.child.kill('SIGTERM')
    const patience = setTimeout(this.kill, STOP_MAX_MS)
    await this.ended
    clearTimeout(patience)
  }

  private readonly kill = (): void => {
    this.child.kill('SIGKILL')
  }

  private heard(text: string): void {
    const line = parseLogLine(text)
    // Its last word, which `ended` repeats.
    if (line.text.startsWith(LAST_WORD)) this.lastWord = line.text.slice(LAST_WORD.length)
    else this.lines.emit('line', line)
  }

  private async waitForEnd(): Promise<PikoEndedError> {
    // 'close' comes after the last line, unlike 'exit'.
    const [code, signal] = (await once(this.child, 'close')) as [number | null, string | null]
    process.off('exit', this.kill)
    const how = signal === null ? `exit code ${code}` : signal
    return new PikoEndedError(this.lastWord ?? `${this.name} ended by itself (${how})`)
  }
}
