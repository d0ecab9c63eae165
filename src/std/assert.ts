/** A broken invariant: a defect in Piko, never something that a peer or a user can cause. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError'
}

/**
 * Throws when `condition` is false: Piko does not carry on from an impossible state. Remote input
 * never reaches an assertion; it is checked and refused before.
 */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition)
    throw new AssertionError(`${message} (this is a defect in Piko, please report it)`)
}

/** The `default` of an exhaustive switch: the compiler proves that no value arrives here. */
export function unreachable(value: never): never {
  throw new AssertionError(`unexpected value ${JSON.stringify(value)}`)
}
