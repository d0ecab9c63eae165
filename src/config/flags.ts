import { parseArgs } from 'node:util'
import { flagName } from './names.ts'
import { nearest } from './nearest.ts'
import type { ConfigProblem } from './problem.ts'
import { type Leaf, leavesOf, type Section } from './section.ts'

/** One use of a flag: as it was written (`--proxy.timeout`), and its text. */
export interface FlagText {
  readonly written: string
  readonly text: string
}

/** The texts of each flag that was given, by the flag's name without dashes. */
export type FlagTexts = ReadonlyMap<string, readonly FlagText[]>

export interface CommandLine {
  readonly positionals: readonly string[]
  readonly flags: FlagTexts
  readonly problems: readonly ConfigProblem[]
}

/** Splits arguments into positionals and the flags that `roots` declare. Never throws. */
export function parseFlags(roots: readonly Section[], argv: readonly string[]): CommandLine {
  return new FlagParser(roots).parse(argv)
}

/** As node:util hands them out; `value` is missing for `--x`, and for a last `--x` without one. */
interface OptionToken {
  readonly name: string
  readonly rawName: string
  readonly index: number
  readonly value?: string | undefined
  readonly inlineValue?: boolean | undefined
}

class FlagParser {
  private readonly known = new Map<string, Leaf>()
  private readonly yamlOnly = new Map<string, Leaf>()
  private readonly flags = new Map<string, FlagText[]>()
  private readonly problems: ConfigProblem[] = []
  /** Arguments that are the values of flags that nobody knows. */
  private readonly skipped = new Set<number>()

  constructor(roots: readonly Section[]) {
    for (const leaf of roots.flatMap((root) => [...leavesOf(root)])) {
      const { path, flag, setting } = leaf
      if (flag === undefined) this.yamlOnly.set(flagName(path), leaf)
      else this.known.set(flag, leaf)
      for (const alias of flag === undefined ? [] : (setting.options.aliases ?? [])) {
        this.known.set(flagName([...path.slice(0, -1), alias]), leaf)
      }
    }
  }

  parse(argv: readonly string[]): CommandLine {
    const options = Object.fromEntries(
      [...this.known].map(([name, leaf]) => [
        name,
        { type: isBoolean(leaf) ? 'boolean' : 'string' },
      ]),
    ) as Record<string, { type: 'boolean' | 'string' }>
    const { tokens } = parseArgs({ args: [...argv], options, strict: false, tokens: true })
    const positionals: string[] = []
    for (const token of tokens) {
      if (token.kind === 'option') this.option(token)
      else if (token.kind === 'positional' && !this.skipped.has(token.index)) {
        positionals.push(token.value)
      }
    }
    return { positionals, flags: this.flags, problems: this.problems }
  }

  private option({ name, rawName, value, inlineValue = false, index }: OptionToken): void {
    const leaf = this.known.get(name)
    if (leaf === undefined) return this.unknown({ name, rawName, value, inlineValue, index })
    if (isBoolean(leaf)) return this.add(leaf, rawName, value ?? 'true')
    // `--timeout --insecure`: a value was forgotten, nobody names a thing `--insecure`.
    const forgotten = value === undefined || (!inlineValue && /^--\w/.test(value))
    if (!forgotten) return this.add(leaf, rawName, value)
    this.problems.push({ ...about(leaf, rawName), text: `${rawName} needs a value` })
  }

  private unknown({ name, rawName, value, inlineValue, index }: OptionToken): void {
    const negated = rawName.startsWith('--no-') ? this.known.get(name.slice(3)) : undefined
    if (negated !== undefined && isBoolean(negated) && value === undefined) {
      return this.add(negated, rawName, 'false')
    }
    const yamlOnly = this.yamlOnly.get(name)
    if (yamlOnly !== undefined) {
      const text = `${rawName} is no flag: it can only be set in the configuration file`
      this.problems.push({ ...about(yamlOnly, rawName), text })
    } else {
      const suggestion = rawName.startsWith('--') ? this.nearestFlag(name) : undefined
      if (suggestion !== undefined && !inlineValue && !isBoolean(this.known.get(suggestion))) {
        this.skipped.add(index + 1)
      }
      const text = `unknown flag ${rawName}`
      const hint = suggestion === undefined ? {} : { suggestion: `--${suggestion}` }
      this.problems.push({ flag: rawName, path: '', text, ...hint })
    }
  }

  /** The flag that was meant: mistyped, or named without its section. */
  private nearestFlag(name: string): string | undefined {
    const endings = [...this.known.keys()].filter((known) => known.endsWith(`.${name}`))
    return endings.length === 1 ? endings[0] : nearest(name, this.known.keys())
  }

  private add(leaf: Leaf, written: string, text: string): void {
    const name = flagName(leaf.path)
    this.flags.set(name, [...(this.flags.get(name) ?? []), { written, text }])
  }
}

function about(leaf: Leaf, flag: string): { readonly flag: string; readonly path: string } {
  return { flag, path: leaf.path.join('.') }
}

function isBoolean(leaf: Leaf | undefined): boolean {
  return leaf?.setting.node === 'field' && leaf.setting.type === 'boolean'
}
