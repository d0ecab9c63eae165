import { CodedError } from '../std/errors.ts'

/** A run of characters in a file, as an editor counts: lines and columns begin at 1. */
export interface SourcePlace {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly width: number
  /** The line as it may be shown: secrets are masked. */
  readonly sourceLine: string
}

/** One mistake in a file or on the command line. */
export interface ConfigProblem extends Partial<SourcePlace> {
  /** `--proxy.timeout` when the value came from the command line. */
  readonly flag?: string
  /** The setting's YAML path: `proxy.access_log.level`; '' for the file as a whole. */
  readonly path: string
  /** The sentence, with the sections that it is about: `proxy: tls: missing cert`. */
  readonly text: string
  readonly found?: string
  /** What may be written there. */
  readonly allowed?: string
  /** The nearest known name. */
  readonly suggestion?: string
}

/** The configuration cannot be used; `problems` has all the reasons at once. */
export class ConfigError extends CodedError<'config'> {
  override readonly name = 'ConfigError'
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
    super('config', `config: ${problems[0]?.text ?? 'invalid'}${more}`)
    this.problems = problems
  }
}
