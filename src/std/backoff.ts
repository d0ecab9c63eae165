import type { Random } from './prng.ts'

export interface BackoffOptions {
  readonly minMs: number
  readonly maxMs: number
  /** Share of the delay that is added at random, so that a fleet does not return as one: 0 to 1. */
  readonly jitter: number
}

/** What the deployed Piko's clients use; ours keep to it (wire.md, Tunnel). */
export const RECONNECT_BACKOFF: BackoffOptions = { minMs: 100, maxMs: 15_000, jitter: 0.1 }

/** Growing delays between attempts: min, ×2, ×2, … up to max, each with jitter on top. */
export class Backoff {
  private readonly options: BackoffOptions
  private readonly random: Random
  private attempts = 0

  constructor(options: BackoffOptions, random: Random) {
    this.options = options
    this.random = random
  }

  /** The delay before the next attempt, in milliseconds. */
  nextMs(): number {
    const { minMs, maxMs, jitter } = this.options
    const delayMs = Math.min(maxMs, minMs * 2 ** Math.min(this.attempts, 30))
    this.attempts += 1
    return Math.round(delayMs * (1 + jitter * this.random()))
  }

  /** After a success: the next failure starts from the smallest delay again. */
  reset(): void {
    this.attempts = 0
  }
}
