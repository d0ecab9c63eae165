import { hash } from 'node:crypto'
import type { Grant } from './grant.ts'

interface Entry {
  readonly grant: Grant
  readonly keysVersion: number
}

/**
 * Tokens that were verified, so that a client's next request costs a hash instead of a signature.
 * Keeps hashes, never tokens, and forgets what was not used for longest.
 */
export class TokenCache {
  private readonly entriesMax: number
  /** In the order of their use, the latest last. */
  private readonly entries = new Map<string, Entry>()

  constructor(entriesMax: number) {
    this.entriesMax = entriesMax
  }

  get size(): number {
    return this.entries.size
  }

  /** The grant of a token that was verified with the present keys. */
  get(hashed: string, keysVersion: number): Grant | undefined {
    const entry = this.entries.get(hashed)
    if (entry === undefined) return undefined
    this.entries.delete(hashed)
    if (entry.keysVersion !== keysVersion) return undefined
    this.entries.set(hashed, entry)
    return entry.grant
  }

  set(hashed: string, grant: Grant, keysVersion: number): void {
    this.entries.set(hashed, { grant, keysVersion })
    if (this.entries.size <= this.entriesMax) return
    const [oldest] = this.entries.keys()
    this.entries.delete(oldest as string)
  }
}

/** What a token is known by. */
export function hashToken(token: string): string {
  return hash('sha256', token, 'base64')
}
