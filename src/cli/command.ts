import type { Environment } from '../config/expand-env.ts'
import { formatProblem } from '../config/format-problems.ts'
import type { ConfigSource } from '../config/config-reload.ts'
import { configFlags, loadCommand } from '../config/load-config.ts'
import { section } from '../config/section.ts'
import type { ConfigOf, Section } from '../config/section.ts'
import { UsageError } from './usage-error.ts'

/** What a command may touch of the process that it runs in. */
export interface CommandContext {
  readonly env: Environment
  /** Writes text for the user to standard output. */
  print(text: string): void
  /** Writes text for the user to standard error. */
  warn(text: string): void
}

/** One command of `piko`, as help shows it and as it runs. */
export interface Command {
  /** The words that call it: `['agent', 'http']`. */
  readonly words: readonly string[]
  /** Other words that call it as well; help of a group shows them where they belong. */
  readonly aliases?: readonly (readonly string[])[]
  /** Its positional arguments: `<endpoint> <addr>`. */
  readonly arguments: string
  readonly summary: string
  readonly description: string
  readonly examples: readonly string[]
  /** The sections whose fields are its flags. */
  readonly sections: readonly Section[]
  /** Runs until it is done or told to stop; resolves with the exit code. */
  execute(argv: readonly string[], context: CommandContext): Promise<number>
}

/** What a command is given once its flags and files are read. */
export interface Invocation<Root extends Section, Own extends Section> {
  readonly config: ConfigOf<Root>
  readonly own: ConfigOf<Own>
  readonly positionals: readonly string[]
  readonly context: CommandContext
  /** Reads the configuration again, for programs that take a new one while they run. */
  readonly source: ConfigSource<Root>
}

interface CommandOptions<Root extends Section, Own extends Section> extends Omit<
  Command,
  'sections' | 'execute'
> {
  /** What files and flags configure. */
  readonly root: Root
  /** Flags that no file sets. */
  readonly own?: Own
  readonly run: (invocation: Invocation<Root, Own>) => Promise<number>
}

const NO_FLAGS = section({})

export function defineCommand<Root extends Section, Own extends Section = typeof NO_FLAGS>(
  options: CommandOptions<Root, Own>,
): Command {
  const { root, own = NO_FLAGS as unknown as Own, run, ...texts } = options
  return {
    ...texts,
    sections: [own, root, configFlags],
    async execute(argv, context) {
      const load = () =>
        loadCommand({
          root,
          own,
          argv,
          env: context.env,
          onWarning: (warning) => context.warn(`${formatProblem(warning)}\n`),
        })
      const { config, files, ...rest } = load()
      checkArguments(texts, rest.positionals)
      return run({ ...rest, config, context, source: { root, config, files, load } })
    },
  }
}

function checkArguments(
  { words, arguments: expected }: Pick<Command, 'words' | 'arguments'>,
  given: readonly string[],
): void {
  const names = expected === '' ? [] : expected.split(' ')
  if (given.length === names.length) return
  const command = `piko ${words.join(' ')}`
  const missing = names[given.length]
  const problem =
    missing === undefined
      ? `unexpected argument ${JSON.stringify(given[names.length])}`
      : `${missing} is missing`
  throw new UsageError(`${problem}; usage: ${[command, ...names].join(' ')} [flags]`)
}
