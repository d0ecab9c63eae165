import type * as Library from 'jose'
import { describeError, errorCode } from '../std/errors.ts'
import type { Logger } from '../log/logger.ts'
import { readGrant } from './grant.ts'
import type { Grant } from './grant.ts'
import type { KeySource } from './key-source.ts'
import type { Refused } from './refusal.ts'
import { hashToken, TokenCache } from './token-cache.ts'
import type { VerificationKey } from './verification-key.ts'

/** The library that checks signatures; loaded by programs that were given keys only. */
type Jose = Pick<typeof Library, 'decodeProtectedHeader' | 'jwtVerify'>

/** What a token is worth. */
export type Verdict = Grant | Refused

export interface JwtVerifierOptions {
  readonly keys: KeySource
  /** Both are checked when given. */
  readonly audience: string
  readonly issuer: string
  readonly requireEndpoints: boolean
  readonly logger: Logger
  /** Counts how tokens were verified. */
  readonly verified: (how: 'cache' | 'signature') => void
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

/** Longer than any token that somebody sends in a header field. */
const TOKEN_CHARACTERS_MAX = 16 * 1024

/**
 * RFC 7515 §7.1, and §2: without white space or padding. The library overlooks white space in the
 * signature, and whoever has one token would have as many that are not known yet as he likes.
 */
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]+$/

const CACHED_TOKENS_MAX = 10_000

/** Keys tried for a token that names none: signatures cost. */
const CANDIDATES_MAX = 8

/** Tokens whose signature is being checked, and tokens that wait for newer keys, at a time. */
const PENDING_MAX = 256

/**
 * Verifies JSON Web Tokens (RFC 7519) with keys that decide themselves which algorithm they are
 * for. A token that was verified before is known by its hash until it expires or the keys change.
 */
export class JwtVerifier {
  private readonly options: JwtVerifierOptions
  private readonly now: () => number
  private readonly cache = new TokenCache(CACHED_TOKENS_MAX)
  /** Tokens being verified, so that a burst of one costs one signature. */
  private readonly pending = new Map<string, Promise<Verdict>>()
  /** Those of them that wait for newer keys; they must not keep out the ones that need none. */
  private waiting = 0
  private jose: Promise<Jose> | undefined

  constructor(options: JwtVerifierOptions) {
    this.options = options
    this.now = options.now ?? Date.now
  }

  /** Loads the library, which the first token would otherwise wait for. */
  async start(): Promise<void> {
    await this.load()
  }

  /** Whether the token was verified before, so that `verify` answers at once. */
  knows(token: string): boolean {
    return this.cache.get(hashToken(token), this.options.keys.version) !== undefined
  }

  /** At once for a token that was verified before. Never rejects. */
  verify(token: string): Verdict | Promise<Verdict> {
    if (token.length > TOKEN_CHARACTERS_MAX) return { refused: 'invalid-token' }
    const hash = hashToken(token)
    const known = this.cache.get(hash, this.options.keys.version)
    if (known !== undefined) {
      this.options.verified('cache')
      return known.expiresAtMs > this.now() ? known : { refused: 'expired-token' }
    }
    if (!COMPACT.test(token)) return { refused: 'invalid-token' }
    const pending = this.pending.get(hash)
    if (pending !== undefined) return pending
    if (this.pending.size - this.waiting >= PENDING_MAX) return { refused: 'unavailable' }
    const verdict = this.checkOnce(token, hash)
    this.pending.set(hash, verdict)
    return verdict
  }

  private async checkOnce(token: string, hash: string): Promise<Verdict> {
    try {
      // Read before the keys are used: what they are replaced by meanwhile has not seen the token.
      const { version } = this.options.keys
      this.options.verified('signature')
      const verdict = await this.check(token)
      if (!('refused' in verdict)) this.cache.set(hash, verdict, version)
      return verdict
    } catch (error) {
      this.options.logger.error('token not verified', { reason: describeError(error) })
      return { refused: 'unavailable' }
    } finally {
      this.pending.delete(hash)
    }
  }

  private async check(token: string): Promise<Verdict> {
    const { keys } = this.options
    const jose = await this.load()
    const header = headerOf(jose, token)
    if (header === undefined) return { refused: 'invalid-token' }
    let candidates = keys.candidates(header.kid, header.alg)
    if (candidates.length === 0) {
      if (!(await this.lookAgain())) return { refused: 'unavailable' }
      candidates = keys.candidates(header.kid, header.alg)
    }
    for (const key of candidates.slice(0, CANDIDATES_MAX)) {
      const verdict = await this.checkWith(jose, token, key)
      if (verdict !== 'other-key') return verdict
    }
    return { refused: 'invalid-token' }
  }

  private async lookAgain(): Promise<boolean> {
    if (this.waiting >= PENDING_MAX) return false
    this.waiting += 1
    try {
      return await this.options.keys.lookAgain()
    } finally {
      this.waiting -= 1
    }
  }

  private async checkWith(
    jose: Jose,
    token: string,
    { key, algorithms }: VerificationKey,
  ): Promise<Verdict | 'other-key'> {
    const { audience, issuer, requireEndpoints } = this.options
    try {
      const { payload } = await jose.jwtVerify(token, key, {
        algorithms: [...algorithms],
        currentDate: new Date(this.now()),
        ...(audience !== '' && { audience }),
        ...(issuer !== '' && { issuer }),
      })
      return readGrant(payload, { requireEndpoints }) ?? { refused: 'invalid-token' }
    } catch (error) {
      return verdictOf(error)
    }
  }

  private async load(): Promise<Jose> {
    this.jose ??= import('jose')
    return this.jose
  }
}

/** The `kid` and `alg` of a token's header, which say where to look and nothing more. */
function headerOf(jose: Jose, token: string): { kid: string | undefined; alg: string } | undefined {
  try {
    const { kid, alg } = jose.decodeProtectedHeader(token)
    const isValid = typeof alg === 'string' && (kid === undefined || typeof kid === 'string')
    return isValid ? { kid, alg } : undefined
  } catch {
    return undefined
  }
}

function verdictOf(error: unknown): Verdict | 'other-key' {
  const code = errorCode(error)
  if (code === 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED') return 'other-key'
  if (code === 'ERR_JWT_EXPIRED') return { refused: 'expired-token' }
  if (code?.startsWith('ERR_J') === true) return { refused: 'invalid-token' }
  throw error
}
