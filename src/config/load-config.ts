import type { Environment } from './expand-env.ts'
import { Findings } from './findings.ts'
import { type FlagTexts, parseFlags } from './flags.ts'
import { flag } from './number-fields.ts'
import { secretNames } from './known-keys.ts'
import { parseYaml } from './parse-yaml.ts'
import { ConfigError, type ConfigProblem } from './problem.ts'
import { readText } from './read-text.ts'
import { Resolver } from './resolver.ts'
import { type ConfigOf, type Section, section } from './section.ts'
import { namedFiles } from './settled-values.ts'
import { SourceFile } from './source-file.ts'
import { text } from './text-fields.ts'
import type { YamlNode } from './yaml-tree.ts'

/** The flags that every command has. */
export const configFlags = section({
  config: section(
    {
      path: text({ basic: true, help: 'YAML file with the configuration. Flags win over it.' }),
      expandEnv: flag({
        basic: true,
        help:
          'Replace ${VAR}, $VAR and ${VAR:default} in the values of the file by environment ' +
          'variables.',
      }),
    },
    { help: 'Configuration file.' },
  ),
})

export interface ConfigSources {
  /** Flags only; a positional argument is a mistake. */
  readonly argv?: readonly string[]
  /** Path of a YAML file. */
  readonly file?: string | undefined
  readonly env?: Environment
  readonly expandEnv?: boolean
  /** Hears of deprecated settings. */
  readonly onWarning?: (warning: ConfigProblem) => void
}

/**
 * Settles the whole configuration: defaults, then the file, then the flags. Throws a ConfigError
 * with every problem of all sources.
 */
export function loadConfig<Root extends Section>(
  root: Root,
  sources: ConfigSources,
): ConfigOf<Root> {
  const { flags, positionals, problems } = parseFlags([root], sources.argv ?? [])
  const stray = positionals.map((argument) => ({
    path: '',
    text: `unexpected argument ${JSON.stringify(argument)}`,
  }))
  const settled = settle(root, flags, sources)
  return accepted(settled.config, [...problems, ...stray, ...settled.problems])
}

/** Reads the arguments of a command that no file configures. Throws a ConfigError. */
export function loadArguments<Own extends Section>(
  own: Own,
  argv: readonly string[],
): { readonly config: ConfigOf<Own>; readonly positionals: readonly string[] } {
  const { flags, positionals, problems } = parseFlags([own], argv)
  const settled = settle(own, flags, {})
  return { config: accepted(settled.config, [...problems, ...settled.problems]), positionals }
}

export interface Command<Root extends Section, Own extends Section> {
  /** What files and flags configure. */
  readonly root: Root
  /** Flags of the command itself, which no file sets. */
  readonly own: Own
  readonly argv: readonly string[]
  readonly env: Environment
  readonly onWarning?: (warning: ConfigProblem) => void
}

export interface LoadedCommand<Root extends Section, Own extends Section> {
  readonly config: ConfigOf<Root>
  readonly own: ConfigOf<Own>
  readonly positionals: readonly string[]
  /** The file of the configuration. */
  readonly file: string | undefined
  /** Every file that was read or that settings name; a change of one asks for a reload. */
  readonly files: readonly string[]
}

/**
 * Reads a command's arguments and the file that `--config.path` names. Throws a ConfigError with
 * every problem of both.
 */
export function loadCommand<Root extends Section, Own extends Section>(
  command: Command<Root, Own>,
): LoadedCommand<Root, Own> {
  const { root, own, argv, ...sources } = command
  const { flags, positionals, problems } = parseFlags([root, own, configFlags], argv)
  const where = settle(configFlags, flags, {})
  const { path, expandEnv } = where.config.config
  const file = path === '' ? undefined : path
  const ownSettled = settle(own, flags, {})
  const settled = settle(root, flags, { ...sources, file, expandEnv })
  const all = [...problems, ...where.problems, ...ownSettled.problems, ...settled.problems]
  const config = accepted(settled.config, all)
  const files = [...(file === undefined ? [] : [file]), ...namedFiles(root, config)]
  return { config, own: ownSettled.config, positionals, file, files }
}

interface Settled<Root extends Section> {
  /** Only to be used when there is no problem. */
  readonly config: ConfigOf<Root>
  readonly problems: readonly ConfigProblem[]
}

function settle<Root extends Section>(
  root: Root,
  flags: FlagTexts,
  { file, env = {}, expandEnv = false, onWarning }: ConfigSources,
): Settled<Root> {
  const { source, node, problems } = readFile(root, file)
  const findings = new Findings(source)
  const resolver = new Resolver(root, { flags, env: expandEnv ? env : undefined }, findings)
  const config = resolver.resolve(node) as ConfigOf<Root>
  if (onWarning !== undefined) findings.warnings.forEach(onWarning)
  // What an unreadable file would have set is not known, so that nothing counts as missing.
  const blind = file !== undefined && node === undefined
  const found = findings.problems.filter(({ flag: written }) => !blind || written !== undefined)
  return { config, problems: [...problems, ...found.sort(byPlace)] }
}

/** Flags first, then as the file reads from top to bottom. */
function byPlace(left: ConfigProblem, right: ConfigProblem): number {
  return (left.line ?? 0) - (right.line ?? 0) || (left.column ?? 0) - (right.column ?? 0)
}

interface ConfigFile {
  readonly source?: SourceFile
  readonly node?: YamlNode | undefined
  readonly problems: readonly ConfigProblem[]
}

function readFile(root: Section, file: string | undefined): ConfigFile {
  if (file === undefined) return { problems: [] }
  const content = readText(file)
  if ('refused' in content) {
    return { problems: [{ file, path: '', text: `the file ${content.refused}` }] }
  }
  const source = new SourceFile(file, content.text, secretNames(root))
  const { root: node, problems } = parseYaml(content.text)
  return {
    source,
    node,
    problems: problems.map((problem) =>
      Object.assign(problem.range === undefined ? { file } : source.place(problem.range), {
        path: '',
        text: problem.text,
      }),
    ),
  }
}

function accepted<Config>(config: Config, problems: readonly ConfigProblem[]): Config {
  if (problems.length > 0) throw new ConfigError(problems)
  return config
}
