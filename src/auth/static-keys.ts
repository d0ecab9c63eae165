import { fittingKeys } from './key-source.ts'
import type { KeySource } from './key-source.ts'
import type { VerificationKey } from './verification-key.ts'

/** Keys that stand in the configuration, or in files that it names. */
export class StaticKeys implements KeySource {
  private keys: readonly VerificationKey[]
  version = 0

  constructor(keys: readonly VerificationKey[]) {
    this.keys = keys
  }

  /** Takes other keys from now on. */
  replace(keys: readonly VerificationKey[]): void {
    this.keys = keys
    this.version += 1
  }

  async start(): Promise<void> {}

  close(): void {}

  candidates(_id: string | undefined, algorithm: string): readonly VerificationKey[] {
    return fittingKeys(this.keys, undefined, algorithm)
  }

  async lookAgain(): Promise<boolean> {
    return true
  }
}
