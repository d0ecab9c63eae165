import type { LogFields, Logger, LogLevel } from '../../src/log/logger.ts'

interface Root {
  readonly messages: { readonly message: string; readonly fields: LogFields }[]
  wake: (() => void)[]
}

/** A logger that tests wait on: what a program logs is the event that they need. */
export class LogWatch implements Logger {
  private readonly root: Root

  constructor(root: Root = { messages: [], wake: [] }) {
    this.root = root
  }

  debug(message: string, fields?: LogFields): void {
    this.note(message, fields)
  }

  info(message: string, fields?: LogFields): void {
    this.note(message, fields)
  }

  warn(message: string, fields?: LogFields): void {
    this.note(message, fields)
  }

  error(message: string, fields?: LogFields): void {
    this.note(message, fields)
  }

  writeJson(_level: LogLevel, message: string, json: Uint8Array): void {
    const text = Buffer.from(json).toString()
    this.note(message, JSON.parse(`{${text}}`) as LogFields)
  }

  child(): LogWatch {
    return new LogWatch(this.root)
  }

  isEnabled(): boolean {
    return true
  }

  /** All that was logged. */
  everything(): readonly unknown[] {
    return this.root.messages
  }

  count(message: string): number {
    return this.root.messages.filter((entry) => entry.message === message).length
  }

  /** The fields of all entries with this message. */
  fieldsOf(message: string): LogFields[] {
    return this.root.messages
      .filter((entry) => entry.message === message)
      .map(({ fields }) => fields)
  }

  /** Resolves when the message was logged `times` times since the program began. */
  async logged(message: string, times = 1): Promise<void> {
    while (this.count(message) < times) await this.news()
  }

  /** Resolves with the fields of the first entry with this message that `fits`. */
  async entry(message: string, fits: (fields: LogFields) => boolean): Promise<LogFields> {
    for (;;) {
      const found = this.fieldsOf(message).find(fits)
      if (found !== undefined) return found
      await this.news()
    }
  }

  private async news(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.root.wake.push(resolve)
    })
  }

  private note(message: string, fields: LogFields = {}): void {
    this.root.messages.push({ message, fields })
    for (const wake of this.root.wake.splice(0)) wake()
  }
}
