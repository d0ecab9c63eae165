import type { VerificationKey } from './verification-key.ts'

/** Where a verifier's keys come from. They may change while it runs. */
export interface KeySource {
  /** Another number whenever the keys changed: what was verified before must be verified again. */
  readonly version: number
  /** Loads the keys. Rejects when they can only be mended by changing the configuration. */
  start(): Promise<void>
  close(): void
  /** Keys that may have signed a token with this `kid` and `alg`. */
  candidates(id: string | undefined, algorithm: string): readonly VerificationKey[]
  /**
   * Looks for newer keys because no key fits. False when that failed, so that nobody can tell
   * whether the token is good.
   */
  lookAgain(): Promise<boolean>
}

/** Those of `keys` that fit a token's header. */
export function fittingKeys(
  keys: readonly VerificationKey[],
  id: string | undefined,
  algorithm: string,
): readonly VerificationKey[] {
  return keys.filter(
    (key) =>
      (key.id === undefined || id === undefined || key.id === id) &&
      key.algorithms.includes(algorithm),
  )
}
