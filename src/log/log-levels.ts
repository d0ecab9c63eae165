import { LOG_LEVELS, type LogLevel } from './logger.ts'
import type { LogConfig } from './config.ts'

/** Which messages are written: one level for all, everything for the listed subsystems. */
export class LogLevels {
  /** Grows with each change, so that loggers see in one comparison that theirs still holds. */
  version = 0
  private config: LogConfig

  constructor(config: LogConfig) {
    this.config = config
  }

  change(config: LogConfig): void {
    this.config = config
    this.version += 1
  }

  /** The rank of the lowest level that `subsystem` writes. */
  thresholdOf(subsystem: string): number {
    const listed = this.config.subsystems.some(
      (name) => subsystem === name || subsystem.startsWith(`${name}.`),
    )
    return listed ? 0 : rankOf(this.config.level)
  }
}

/** `debug` is 0, `error` the highest. */
export function rankOf(level: LogLevel): number {
  return LOG_LEVELS.indexOf(level)
}
