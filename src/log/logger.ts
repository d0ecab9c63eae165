/** In rising order; a level shows itself and all above it. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const

export type LogLevel = (typeof LOG_LEVELS)[number]

/** What is worth knowing beside the message. An `Error` becomes its text and its code. */
export type LogFields = Readonly<Record<string, unknown>>

/**
 * Where a part of the program writes what operators should know. Each part has a subsystem, a
 * dotted name such as `proxy.access`, that can be turned up on its own.
 */
export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /**
   * Writes a message whose fields are JSON already, the inside of an object as bytes:
   * `"a":1,"b":2`. They are copied. For what is written with every request; all else is better off
   * with the calls above.
   */
  writeJson(level: LogLevel, message: string, json: Uint8Array): void
  /**
   * A logger for a part of this part: `access` below `proxy` is `proxy.access`; undefined keeps
   * the subsystem. It writes `fields` with every message.
   */
  child(subsystem: string | undefined, fields?: LogFields): Logger
  /** Whether a message of this level is written: guards fields that are costly to gather. */
  isEnabled(level: LogLevel): boolean
}
