import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseLogLine } from './log-line.ts'
import type { LogLine } from './log-line.ts'

/** The program itself: what bin/piko links to. */
export const PIKO = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

/** How `piko` begins the line that says why it cannot run. */
const LAST_WORD = 'piko: '

/** Longer than any grace period that the demo gives. */
const STOP_MAX_MS = 5_000

/** A process of `piko` that nobody told to end has; the message is its own last word, if any. */
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

  /** Starts `piko` with these arguments. `name` tells its lines from those of others. */
  constructor(name: string, args: readonly string[]) {
    this.name = name
    // In a group of its own: a Ctrl-C is meant for the demo, which ends its children in order.
    this.child = spawn(process.execPath, [PIKO, ...args], {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    if (this.child.stderr !== null) {
      createInterface({ input: this.child.stderr }).on('line', (text) => this.heard(text))
    }
    this.ended = this.waitForEnd()
    process.once('exit', this.kill)
  }

  get pid(): number | undefined {
    return this.child.pid
  }

  /** Calls back with every line of the log. */
  onLine(listener: (line: LogLine) => void): void {
    this.lines.on('line', listener)
  }

  /** Resolves with the first line that has this message; rejects when the process ends before. */
  async logged(message: string): Promise<LogLine> {
    return new Promise((resolve, reject) => {
      this.lines.on('line', (line) => {
        if (line.fields['msg'] === message) resolve(line)
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
    return new PikoEndedError(this.lastWord ?? `the ${this.name} ended by itself (${how})`)
  }
}
