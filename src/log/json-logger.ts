import { type Logger as Pino, pino } from 'pino'
import { describeError, errorCode } from '../std/errors.ts'
import type { LogConfig } from './config.ts'
import { FdWriter } from './fd-writer.ts'
import { JsonBytes } from './json-bytes.ts'
import { LogLevels, rankOf } from './log-levels.ts'
import type { LogFields, Logger, LogLevel } from './logger.ts'

/** Takes one line at a time. Bytes are good until the call returns. */
export interface LogDestination {
  write(line: string | Uint8Array): unknown
  on?(event: 'error', listener: () => void): unknown
  close?(): Promise<void> | void
}

/** A program's log: its root logger, and the handles that only the program itself turns. */
export interface ProgramLog {
  readonly logger: Logger
  /** Changes the levels of every logger, also of those that exist already. */
  configure(config: LogConfig): void
  /** Resolves when what was logged is written; await it before the process ends. */
  close(): Promise<void>
}

const STDERR = 2

const LEVEL_KEY = Buffer.from('{"level":')
const TIME_KEY = Buffer.from(',"ts":')
const COMMA = Buffer.from(',')
const LINE_END = Buffer.from('}\n')

/**
 * Opens the log of a program. Each message is a line of JSON, with its keys in this order:
 *
 *     {"level":"info","ts":"2025-03-01T09:30:00.000Z","subsystem":"proxy","msg":"started",…fields}
 *
 * A destination that fails (a closed pipe, a full disk) loses messages and never ends the program.
 */
export function openLog(
  config: LogConfig,
  destination: LogDestination = new FdWriter(STDERR),
): ProgramLog {
  const levels = new LogLevels(config)
  const clock = new LineClock()
  const options = {
    base: null,
    level: 'debug',
    timestamp: () => `,"ts":"${clock.text()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  const write = (line: string | Uint8Array): void => writeSafely(destination, line)
  const root = pino(options, { write })
  // A stream without this listener would end the process at its first error.
  destination.on?.('error', () => {})
  return {
    logger: new JsonLogger({ root, write, line: new JsonBytes(), clock, levels }, '', {}),
    configure: (changed) => levels.change(changed),
    close: async () => destination.close?.(),
  }
}

function writeSafely(destination: LogDestination, line: string | Uint8Array): void {
  try {
    destination.write(line)
  } catch {
    // There is no place left to report to.
  }
}

/** What all loggers of a program share. */
interface LogParts {
  readonly root: Pino
  readonly write: (line: string | Uint8Array) => void
  /** Where lines that are written as bytes are put together. */
  readonly line: JsonBytes
  readonly clock: LineClock
  readonly levels: LogLevels
}

/** The time of a line; lines of the same millisecond share the text. */
class LineClock {
  private lastMs = 0
  private lastText = ''

  text(): string {
    const nowMs = Date.now()
    if (nowMs !== this.lastMs) {
      this.lastMs = nowMs
      this.lastText = new Date(nowMs).toISOString()
    }
    return this.lastText
  }
}

class JsonLogger implements Logger {
  private readonly parts: LogParts
  private readonly pino: Pino
  private readonly subsystem: string
  private readonly fields: LogFields
  /** What lines of this logger have between time and message. */
  private readonly prefix: Uint8Array
  private threshold = 0
  /** Of the levels that `threshold` was taken from. */
  private version = -1

  constructor(parts: LogParts, subsystem: string, fields: LogFields) {
    const bound = { ...(subsystem === '' ? {} : { subsystem }), ...fields }
    this.parts = parts
    this.pino = parts.root.child(bound)
    this.subsystem = subsystem
    this.fields = fields
    const inside = JSON.stringify(bound).slice(1, -1)
    this.prefix = Buffer.from(inside === '' ? ',"msg":' : `,${inside},"msg":`)
  }

  debug(message: string, fields?: LogFields): void {
    if (this.isEnabled('debug')) this.pino.debug(entry(message, fields))
  }

  info(message: string, fields?: LogFields): void {
    if (this.isEnabled('info')) this.pino.info(entry(message, fields))
  }

  warn(message: string, fields?: LogFields): void {
    if (this.isEnabled('warn')) this.pino.warn(entry(message, fields))
  }

  error(message: string, fields?: LogFields): void {
    if (this.isEnabled('error')) this.pino.error(entry(message, fields))
  }

  writeJson(level: LogLevel, message: string, json: Uint8Array): void {
    if (!this.isEnabled(level)) return
    const { line, clock, write } = this.parts
    line.clear()
    line.raw(LEVEL_KEY)
    line.string(level)
    line.raw(TIME_KEY)
    line.string(clock.text())
    line.raw(this.prefix)
    line.string(message)
    line.raw(COMMA)
    line.raw(json)
    line.raw(LINE_END)
    write(line.bytes)
  }

  child(subsystem: string | undefined, fields: LogFields = {}): Logger {
    const name = [this.subsystem, subsystem ?? ''].filter((part) => part !== '').join('.')
    return new JsonLogger(this.parts, name, { ...this.fields, ...readable(fields) })
  }

  isEnabled(level: LogLevel): boolean {
    const { levels } = this.parts
    if (this.version !== levels.version) {
      this.version = levels.version
      this.threshold = levels.thresholdOf(this.subsystem)
    }
    return rankOf(level) >= this.threshold
  }
}

/** pino writes an object's keys in their order, and a message argument last; so it goes in here. */
function entry(message: string, fields: LogFields = {}): LogFields {
  return { msg: message, ...readable(fields) }
}

/** Keys that every line has already; a field of that name must not write it a second time. */
const TAKEN = new Set(['level', 'ts', 'subsystem', 'msg'])

function readable(fields: LogFields): LogFields {
  const result: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(fields)) {
    if (!(value instanceof Error)) result[TAKEN.has(key) ? `${key}_` : key] = value
    else if (key === 'error') Object.assign(result, explained(value))
    else result[key] = explained(value)
  }
  return result
}

function explained(error: Error): LogFields {
  const code = errorCode(error)
  return { error: describeError(error), ...(code === undefined ? {} : { code }) }
}
