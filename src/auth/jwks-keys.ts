import type { Logger } from '../log/logger.ts'
import { Backoff } from '../std/backoff.ts'
import { explainJwksFailure, parseJwks, readJwks } from './jwks-document.ts'
import { fittingKeys } from './key-source.ts'
import type { KeySource } from './key-source.ts'
import type { VerificationKey } from './verification-key.ts'

export interface JwksOptions {
  readonly url: URL
  readonly cacheTtlMs: number
  /** For one attempt to load the set. */
  readonly timeoutMs: number
  readonly logger: Logger
  /** Told of every attempt. */
  readonly loaded: (isGood: boolean) => void
  /** Tokens with an unknown key id make the set be loaded this often at most. */
  readonly lookAgainMs?: number
}

const LOOK_AGAIN_MS = 5_000

/** How soon a set that could not be loaded is asked for again. */
const RETRY = { minMs: 1_000, maxMs: 60_000, jitter: 0.1 }

/** Nodes that started together do not ask together for ever. */
const JITTER = 0.1

/**
 * A key set that somebody else keeps. It is loaded again in the background before it is too old,
 * and at once when a token names a key that is not in it; what fails leaves the keys as they are.
 */
export class JwksKeys implements KeySource {
  private readonly options: JwksOptions
  private readonly backoff = new Backoff(RETRY, Math.random)
  private keys: readonly VerificationKey[] = []
  private text: string | undefined
  private loading: Promise<boolean> | undefined
  private lastIsGood = false
  private lookedAgainMs = Number.NEGATIVE_INFINITY
  private timer: NodeJS.Timeout | undefined
  private closed = false
  version = 0

  constructor(options: JwksOptions) {
    this.options = options
  }

  /** A server that cannot be reached may be back soon; a file that is not there is a mistake. */
  async start(): Promise<void> {
    const { url } = this.options
    const isGood = await this.load()
    if (!isGood && url.protocol === 'file:') throw new Error(`the key set ${url.href} is unusable`)
  }

  close(): void {
    this.closed = true
    clearTimeout(this.timer)
  }

  candidates(id: string | undefined, algorithm: string): readonly VerificationKey[] {
    return fittingKeys(this.keys, id, algorithm)
  }

  async lookAgain(): Promise<boolean> {
    const { lookAgainMs = LOOK_AGAIN_MS } = this.options
    const isSoon = performance.now() - this.lookedAgainMs < lookAgainMs
    if (isSoon && this.loading === undefined) return this.lastIsGood
    if (!isSoon) this.lookedAgainMs = performance.now()
    return this.load()
  }

  /** Loads the set now, whatever its age; its file has changed. */
  async load(): Promise<boolean> {
    this.loading ??= this.attempt().finally(() => {
      this.loading = undefined
    })
    return this.loading
  }

  private async attempt(): Promise<boolean> {
    const { url, timeoutMs, loaded } = this.options
    clearTimeout(this.timer)
    try {
      this.take(await readJwks(url, timeoutMs))
      this.lastIsGood = true
    } catch (error) {
      this.lastIsGood = false
      this.warn(explainJwksFailure(error))
    }
    loaded(this.lastIsGood)
    this.schedule()
    return this.lastIsGood
  }

  private take(text: string): void {
    if (text === this.text) return
    this.keys = parseJwks(text)
    this.text = text
    this.version += 1
    const about = { url: this.options.url.href, keys: this.keys.length }
    this.options.logger.info('key set loaded', about)
  }

  private warn(reason: string): void {
    const about = { url: this.options.url.href, reason, 'keys-kept': this.keys.length }
    this.options.logger.warn('key set not loaded', about)
  }

  private schedule(): void {
    if (this.closed) return
    const { cacheTtlMs } = this.options
    const delayMs = this.lastIsGood
      ? cacheTtlMs * (1 - JITTER * Math.random())
      : Math.min(this.backoff.nextMs(), cacheTtlMs)
    if (this.lastIsGood) this.backoff.reset()
    this.timer = setTimeout(() => void this.load(), delayMs).unref()
  }
}
