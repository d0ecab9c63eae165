import type { Environment } from '../config/expand-env.ts'
import { loadCommand } from '../config/load-config.ts'
import { section } from '../config/section.ts'
import type { ConfigOf, Section } from '../config/section.ts'

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
    sections: [own, root],
    async execute(argv, context) {
      const loaded = loadCommand({ root, own, argv, env: context.env })
      return run({ ...loaded, context })
    },
  }
}
