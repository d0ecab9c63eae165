import { formatProblems } from '../config/format-problems.ts'
import { nearest } from '../config/nearest.ts'
import { ConfigError } from '../config/problem.ts'
import { describeError } from '../std/errors.ts'
import { agentHttpCommand, agentStartCommand } from './agent-commands.ts'
import type { Command, CommandContext } from './command.ts'
import { ExitCode, exitCodeOf } from './exit-code.ts'
import { commandHelp, overview } from './help.ts'
import { serverCommand } from './server-command.ts'
import { UsageError } from './usage-error.ts'
import { version } from './version.ts'

const COMMANDS: readonly Command[] = [serverCommand, agentHttpCommand, agentStartCommand]

/** Runs `piko` with its arguments; resolves with the exit code. Never throws. */
export async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  try {
    return await dispatch(argv, context)
  } catch (error) {
    if (error instanceof ConfigError) context.warn(`${formatProblems(error)}\n`)
    else context.warn(`piko: ${describeError(error)}\n`)
    return exitCodeOf(error)
  }
}

async function dispatch(argv: readonly string[], context: CommandContext): Promise<number> {
  const words = leadingWords(argv)
  const command = findCommand(words)
  if (command === undefined) return withoutCommand(argv, words, context)
  const rest = argv.slice(command.words.length)
  if (!asksForHelp(rest)) return command.execute(rest, context)
  context.print(commandHelp(command))
  return ExitCode.ok
}

/** `piko`, `piko --help`, `piko --version`, `piko agent`, or something that nobody knows. */
function withoutCommand(
  argv: readonly string[],
  words: readonly string[],
  context: CommandContext,
): number {
  if (words.length === 0 && argv.includes('--version')) {
    context.print(`piko ${version()}\n`)
    return ExitCode.ok
  }
  const isGroup = COMMANDS.some(({ words: [first] }) => first === words[0])
  if (words.length > 1 || (words.length === 1 && !isGroup)) throw unknownCommand(words)
  if (argv.length > words.length && !asksForHelp(argv)) throw flagWithoutCommand(argv, words)
  context.print(overview(COMMANDS, words))
  return ExitCode.ok
}

/** The command whose words the arguments begin with; the one with the most words wins. */
function findCommand(words: readonly string[]): Command | undefined {
  const fitting = COMMANDS.filter((command) => command.words.every((word, i) => words[i] === word))
  return fitting.sort((a, b) => b.words.length - a.words.length)[0]
}

function leadingWords(argv: readonly string[]): readonly string[] {
  const end = argv.findIndex((argument) => argument.startsWith('-'))
  return end === -1 ? argv : argv.slice(0, end)
}

function asksForHelp(argv: readonly string[]): boolean {
  return argv.some((argument) => argument === '--help' || argument === '-h')
}

function flagWithoutCommand(argv: readonly string[], words: readonly string[]): UsageError {
  const flag = argv[words.length]
  return new UsageError(`unknown flag ${flag}; see ${['piko', ...words].join(' ')} --help`)
}

function unknownCommand(words: readonly string[]): UsageError {
  const written = words.slice(0, 2).join(' ')
  const names = COMMANDS.map((command) => command.words.join(' '))
  const suggestion = nearest(written, names) ?? nearest(words[0] as string, names)
  const group = COMMANDS.some((command) => command.words[0] === words[0]) ? `${words[0]} ` : ''
  const hint =
    suggestion === undefined ? `see piko ${group}--help` : `did you mean "piko ${suggestion}"?`
  return new UsageError(`unknown command "${written}"; ${hint}`)
}
