import { formatDuration } from '../src/std/duration.ts'

const CLEAR_LINE = '\r\u001B[2K'

/** Says on stderr what is being measured: one line that is rewritten, or a line each in a log. */
export class Progress {
  private readonly total: number
  private readonly startedMs = performance.now()
  private readonly isTerminal = process.stderr.isTTY
  private done = 0

  constructor(total: number) {
    this.total = total
  }

  step(what: string): void {
    const line = `[${this.done + 1}/${this.total}] ${what}${this.rest()}`
    process.stderr.write(this.isTerminal ? `${CLEAR_LINE}${line}` : `${line}\n`)
    this.done += 1
  }

  clear(): void {
    if (this.isTerminal) process.stderr.write(CLEAR_LINE)
  }

  /** Steps take about equally long. */
  private rest(): string {
    if (this.done < 3) return ''
    const perStepMs = (performance.now() - this.startedMs) / this.done
    const restS = Math.round((perStepMs * (this.total - this.done)) / 1_000)
    return `, about ${formatDuration(restS * 1_000)} left`
  }
}
