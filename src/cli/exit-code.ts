import { ConfigError } from '../config/problem.ts'
import { UsageError } from './usage-error.ts'

/** How `piko` ends. The one place where errors become exit codes. */
export const ExitCode = {
  ok: 0,
  /** Something went wrong while running. */
  failure: 1,
  /** The command line or the configuration is wrong: trying again will not help. */
  usage: 2,
} as const

export function exitCodeOf(error: unknown): number {
  if (error instanceof ConfigError || error instanceof UsageError) return ExitCode.usage
  return ExitCode.failure
}
