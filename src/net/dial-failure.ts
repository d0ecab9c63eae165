/** What fails before there is a connection. */
const DIAL_CALLS: ReadonlySet<unknown> = new Set(['connect', 'getaddrinfo'])

/**
 * Whether the error, or one that caused it, says that a connection was never made: then nothing
 * that was written for it can have reached anybody. Node tries all addresses of a name, and tells
 * of their failures in an AggregateError.
 */
export function isDialFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if ('syscall' in error && DIAL_CALLS.has(error.syscall)) return true
  if (error instanceof AggregateError) return error.errors.every(isDialFailure)
  return isDialFailure(error.cause)
}
