import type { Environment } from '../config/expand-env.ts'
import { formatProblem } from '../config/format-problems.ts'
import type { ConfigSource } from '../config/config-reload.ts'
import { configFlags, loadArguments, loadCommand } from '../config/load-config.ts'
import { section } from '../config/section.ts'
import type { ConfigOf, Section } from '../config/section.ts'
import { maskedCommandLine } from './process-title.ts'
import { checkArguments } from './command-arguments.ts'

/** What a command may touch of the process that it runs in. */
export interface CommandContext {
  readonly env: Environment
  /** Writes text for the user to standard output. */
  print(text: string): void
  /** Writes text for the user to standard error. */
  warn(text: string): void
  /** Whether what is written there may have colours; none may unless said. */
  readonly colors?: { readonly print: boolean; readonly warn: boolean }
  /** Changes what tools such as ps show of the process. */
  rename?(title: string): void
}

/** One command of `piko`, as help shows it and as it runs. */
export interface Command {
  /** The words that call it: `['agent', 'http']`. */
  readonly words: readonly string[]
  /** Other words that call it as well; help of a group shows them where they belong. */
  readonly aliases?: readonly (readonly string[])[]
  /** Its positional arguments: `<endpoint> <addr>`; what may be left out is in brackets. */
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

/** What a command without a configuration of its own is given. */
interface PlainInvocation<Own extends Section> {
  readonly own: ConfigOf<Own>
  readonly positionals: readonly string[]
  readonly context: CommandContext
}

interface PlainCommandOptions<Own extends Section> extends Omit<Command, 'sections' | 'execute'> {
  readonly own: Own
  readonly run: (invocation: PlainInvocation<Own>) => Promise<number>
}

/** A command that no file configures: it has its own flags only, not `--config.path`. */
export function definePlainCommand<Own extends Section>(
  options: PlainCommandOptions<Own>,
): Command {
  const { own, run, ...texts } = options
  return {
    ...texts,
    sections: [own],
    async execute(argv, context) {
      const loaded = loadArguments(own, argv)
      checkArguments(texts, loaded.positionals)
      return run({ own: loaded.config, positionals: loaded.positionals, context })
    },
  }
}

export function defineCommand<Root extends Section, Own extends Section = typeof NO_FLAGS>(
  options: CommandOptions<Root, Own>,
): Command {
  const { root, own = NO_FLAGS as unknown as Own, run, ...texts } = options
  const sections = [own, root, configFlags]
  return {
    ...texts,
    sections,
    async execute(argv, context) {
      // First of all: from here on nobody on the host needs to see a token.
      const title = maskedCommandLine(texts.words, argv, sections)
      if (title !== undefined) context.rename?.(title)
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
