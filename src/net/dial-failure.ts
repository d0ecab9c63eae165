/**
 * Whether the error, or one that caused it, says that a connection was never made: then nothing
 * that was written for it can have reached anybody.
 */
export function isDialFailure(error: Error): boolean {
  let cause: unknown = error
  while (cause instanceof Error) {
    if ('syscall' in cause && cause.syscall === 'connect') return true
    cause = cause.cause
  }
  return false
}
