import type { Logger } from '../log/logger.ts'
import { describeError } from '../std/errors.ts'
import { changedSettings } from './changed-settings.ts'
import { FileWatch } from './file-watch.ts'
import { ConfigError, type ConfigProblem } from './problem.ts'
import type { ConfigOf, Section } from './section.ts'
import type { SettledValue } from './settled-values.ts'

/** Something that takes new settings while it runs: those whose fields say `reload`. */
export interface Reloadable<Config> {
  /**
   * Takes over what changed. The files that settings name may have changed though the settings did
   * not: certificates and keys are read again each time. Throws when that cannot be done, with
   * everything left as it was.
   */
  reload(config: Config): void | Promise<void>
}

/** A configuration as it was read, and as it can be read again. */
export interface ConfigSource<Root extends Section> {
  readonly root: Root
  readonly config: ConfigOf<Root>
  /** Every file that the configuration depends on. */
  readonly files: readonly string[]
  /** Reads everything once more. Throws a ConfigError with every problem. */
  load(): { readonly config: ConfigOf<Root>; readonly files: readonly string[] }
}

/**
 * Hands a program its new configuration when a file of it changed, or when it is told to look:
 *
 *     file changed ─┐            ┌─ wrong ──▶ every problem is logged, the old one stays
 *                   ├─▶ load() ──┤
 *     SIGHUP ───────┘            └─ right ──▶ target.reload(), and a warning that names what
 *                                             has to wait for a restart
 */
export class ConfigReload<Root extends Section> {
  private readonly source: ConfigSource<Root>
  private readonly target: Reloadable<ConfigOf<Root>>
  private readonly logger: Logger
  private readonly watch: FileWatch
  /** What the program started with: in force for all that cannot change. */
  private readonly initial: ConfigOf<Root>
  private current: ConfigOf<Root>
  /** Reloads follow one another. */
  private last: Promise<void> = Promise.resolve()

  constructor(
    source: ConfigSource<Root>,
    target: Reloadable<ConfigOf<Root>>,
    { logger }: { readonly logger: Logger },
  ) {
    this.source = source
    this.target = target
    this.logger = logger
    this.initial = source.config
    this.current = source.config
    this.watch = new FileWatch((files) => void this.reload({ files }))
    this.watch.watch(source.files)
  }

  /** Reads the configuration again; `cause` is logged. Never rejects. */
  async reload(cause: Readonly<Record<string, unknown>>): Promise<void> {
    this.last = this.last.then(async () => this.attempt(cause))
    return this.last
  }

  close(): void {
    this.watch.close()
  }

  private async attempt(cause: Readonly<Record<string, unknown>>): Promise<void> {
    try {
      const { config, files } = this.source.load()
      this.watch.watch(files)
      const applied = changedSettings(this.source.root, this.current, config)
      const fixed = changedSettings(this.source.root, this.initial, config)
      await this.target.reload(config)
      this.current = config
      const settings = namesOf(applied.filter(({ reload }) => reload))
      this.logger.info('configuration reloaded', { ...cause, settings })
      this.warnOf(namesOf(fixed.filter(({ reload }) => !reload)))
    } catch (error) {
      this.refused(error, cause)
    }
  }

  private warnOf(settings: readonly string[]): void {
    if (settings.length === 0) return
    this.logger.warn('these settings need a restart; the old values stay in force', { settings })
  }

  private refused(error: unknown, cause: Readonly<Record<string, unknown>>): void {
    const isConfig = error instanceof ConfigError
    for (const problem of isConfig ? error.problems : []) {
      this.logger.error('configuration problem', described(problem))
    }
    const reason = isConfig ? 'the configuration is wrong' : describeError(error)
    this.logger.error('configuration not reloaded; the old one stays in force', {
      ...cause,
      reason,
    })
  }
}

function namesOf(changed: readonly SettledValue[]): string[] {
  return changed.map(({ path }) => path.join('.'))
}

/** A problem as fields of a log line. */
function described(problem: ConfigProblem): Record<string, unknown> {
  const { file, line, column, flag, text, allowed, suggestion } = problem
  const place = line === undefined ? file : `${file}:${line}:${column}`
  return {
    ...(flag === undefined ? { at: place } : { flag }),
    problem: text,
    ...(allowed !== undefined && { allowed }),
    ...(suggestion !== undefined && { 'did-you-mean': suggestion }),
  }
}
