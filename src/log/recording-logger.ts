import type { LogFields, Logger, LogLevel } from './logger.ts'

export interface LogEntry {
  readonly level: LogLevel
  readonly subsystem: string
  readonly message: string
  readonly fields: LogFields
}

/** A logger for tests: keeps everything, and children write into the same list. */
export class RecordingLogger implements Logger {
  readonly entries: LogEntry[]
  private readonly subsystem: string
  private readonly fields: LogFields

  constructor(entries: LogEntry[] = [], subsystem = '', fields: LogFields = {}) {
    this.entries = entries
    this.subsystem = subsystem
    this.fields = fields
  }

  /** All messages in order: what most tests look at. */
  get messages(): string[] {
    return this.entries.map(({ message }) => message)
  }

  debug(message: string, fields?: LogFields): void {
    this.record('debug', message, fields)
  }

  info(message: string, fields?: LogFields): void {
    this.record('info', message, fields)
  }

  warn(message: string, fields?: LogFields): void {
    this.record('warn', message, fields)
  }

  error(message: string, fields?: LogFields): void {
    this.record('error', message, fields)
  }

  writeJson(level: LogLevel, message: string, json: Uint8Array): void {
    const text = Buffer.from(json).toString()
    this.record(level, message, JSON.parse(`{${text}}`) as LogFields)
  }

  child(subsystem: string | undefined, fields: LogFields = {}): RecordingLogger {
    const name = [this.subsystem, subsystem ?? ''].filter((part) => part !== '').join('.')
    return new RecordingLogger(this.entries, name, { ...this.fields, ...fields })
  }

  isEnabled(): boolean {
    return true
  }

  private record(level: LogLevel, message: string, fields: LogFields = {}): void {
    const all = { ...this.fields, ...fields }
    this.entries.push({ level, subsystem: this.subsystem, message, fields: all })
  }
}
