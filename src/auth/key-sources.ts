import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FileWatch } from '../config/file-watch.ts'
import type { Logger } from '../log/logger.ts'
import { describeError } from '../std/errors.ts'
import type { AuthConfig } from './config.ts'
import { configuredKeys, keyFiles } from './configured-keys.ts'
import { JwksKeys } from './jwks-keys.ts'
import type { KeySource } from './key-source.ts'
import { StaticKeys } from './static-keys.ts'

/** What a setting of zero means, as with the deployed Piko. */
const CACHE_TTL_MS = 3_600_000
const TIMEOUT_MS = 10_000

export interface KeySourcesOptions {
  readonly logger: Logger
  /** Told of every attempt to load a key set. */
  readonly loaded: (isGood: boolean) => void
}

/**
 * The keys of all ports and tenants. Those that name the same key set share it, and files are read
 * again as they change.
 */
export class KeySources {
  private readonly options: KeySourcesOptions
  private readonly sets = new Map<string, JwksKeys>()
  private readonly sources: KeySource[] = []
  /** What to do when a file changed, by its path. */
  private readonly reloads = new Map<string, (() => void)[]>()
  private readonly watch = new FileWatch((paths) => {
    for (const path of paths) for (const reload of this.reloads.get(path) ?? []) reload()
  })

  constructor(options: KeySourcesOptions) {
    this.options = options
  }

  /** The keys that `auth` names. */
  add(auth: AuthConfig): KeySource {
    return auth.jwks.endpoint === '' ? this.addStatic(auth) : this.addSet(auth.jwks)
  }

  /** Loads everything. Rejects when a file is not there. */
  async start(): Promise<void> {
    this.watch.watch([...this.reloads.keys()])
    await Promise.all(this.sources.map(async (source) => source.start()))
  }

  close(): void {
    this.watch.close()
    for (const source of this.sources) source.close()
  }

  private addStatic(auth: AuthConfig): KeySource {
    const source = new StaticKeys(configuredKeys(auth))
    const { logger } = this.options
    for (const path of keyFiles(auth)) {
      this.whenChanged(path, () => {
        try {
          source.replace(configuredKeys(auth))
          logger.info('key file read', { path })
        } catch (error) {
          logger.warn('key file not read; its last key stays', {
            path,
            reason: describeError(error),
          })
        }
      })
    }
    this.sources.push(source)
    return source
  }

  private addSet({ endpoint, cacheTtlMs, timeoutMs }: AuthConfig['jwks']): KeySource {
    const name = `${endpoint} ${cacheTtlMs} ${timeoutMs}`
    const known = this.sets.get(name)
    if (known !== undefined) return known
    const url = new URL(endpoint)
    const set = new JwksKeys({
      ...this.options,
      url,
      cacheTtlMs: cacheTtlMs || CACHE_TTL_MS,
      timeoutMs: timeoutMs || TIMEOUT_MS,
    })
    if (url.protocol === 'file:') this.whenChanged(fileURLToPath(url), () => void set.load())
    this.sets.set(name, set)
    this.sources.push(set)
    return set
  }

  private whenChanged(path: string, reload: () => void): void {
    const absolute = resolve(path)
    this.reloads.set(absolute, [...(this.reloads.get(absolute) ?? []), reload])
  }
}
