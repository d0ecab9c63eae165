import type { ConfigProblem } from './problem.ts'
import type { Hide, Range, SourceFile } from './source-file.ts'

/** Where a value came from: a flag, or a place in the file. Undefined when it was left out. */
export type Origin =
  | { readonly flag: string }
  | { readonly range: Range; readonly hide?: Hide }
  | undefined

/** What is said about a setting beside the sentence. */
export interface Details {
  readonly found?: string | undefined
  readonly allowed?: string | undefined
  readonly suggestion?: string | undefined
}

/** Collects everything that is wrong, so that it can be mended in one go. */
export class Findings {
  readonly problems: ConfigProblem[] = []
  readonly warnings: ConfigProblem[] = []
  private readonly source: SourceFile | undefined
  /** How sentences call items of lists, by their paths. */
  private readonly names = new Map<string, string>()

  constructor(source: SourceFile | undefined) {
    this.source = source
  }

  /** Sentences about what is below `path`, an item of a list, call it `name`. */
  call(path: readonly string[], name: string): void {
    this.names.set(path.join('.'), name)
  }

  /** `path` leads to the setting; its sections are named before the sentence, as in Go errors. */
  problem(path: readonly string[], sentence: string, origin: Origin, details: Details = {}): void {
    this.problems.push(this.describe(path, sentence, origin, details))
  }

  warning(path: readonly string[], sentence: string, origin: Origin): void {
    this.warnings.push(this.describe(path, sentence, origin, {}))
  }

  /** About a section as a whole, whose own name belongs before the sentence too. */
  complaint(
    { section, at }: { readonly section: readonly string[]; readonly at: string | undefined },
    sentence: string,
    origin: Origin,
  ): void {
    const { text, ...rest } = this.describe([...section, at ?? ''], sentence, origin, {})
    const path = at === undefined ? section.join('.') : rest.path
    this.problems.push({ ...rest, path, text })
  }

  private describe(
    path: readonly string[],
    sentence: string,
    origin: Origin,
    details: Details,
  ): ConfigProblem {
    const given = Object.entries(details).filter(([, value]) => value !== undefined)
    return {
      path: path.join('.'),
      text: [...this.spoken(path.slice(0, -1)), sentence].join(': '),
      ...this.placeOf(origin),
      ...(Object.fromEntries(given) as Partial<ConfigProblem>),
    }
  }

  private spoken(path: readonly string[]): string[] {
    return path.map((name, i) => this.names.get(path.slice(0, i + 1).join('.')) ?? name)
  }

  private placeOf(origin: Origin): Partial<ConfigProblem> {
    if (origin === undefined) return this.source === undefined ? {} : { file: this.source.path }
    if ('flag' in origin) return { flag: origin.flag }
    return this.source?.place(origin.range, origin.hide) ?? {}
  }
}
