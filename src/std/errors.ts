/** An error that is told apart by `code`, never by its text, which is free to improve. */
export class CodedError<Code extends string = string> extends Error {
  override readonly name: string = 'CodedError'
  readonly code: Code

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** What was thrown, as an Error: `catch` clauses receive `unknown`. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

/** The `code` of an error of ours or of the operating system (`ECONNREFUSED`), else undefined. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** One line for people: the message and its causes, outermost first. */
export function describeError(thrown: unknown): string {
  const parts: string[] = []
  let error: unknown = thrown
  while (error !== undefined && error !== null && parts.length < 5) {
    parts.push(messageOf(error))
    error = error instanceof Error ? error.cause : undefined
  }
  return parts.join(': ')
}

/** Dual-stack dials fail with an AggregateError whose own message is empty. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(messageOf).join(', ')
  }
  return toError(error).message
}
