import { formatProblems } from '../config/format-problems.ts'
import { nearest } from '../config/nearest.ts'
import { ConfigError } from '../config/problem.ts'
import { describeError } from '../std/errors.ts'
import { coloredHelp, coloredProblems } from './colors.ts'
import type { CommandContext } from './command.ts'
import { COMMANDS } from './commands.ts'
import { ExitCode, exitCodeOf } from './exit-code.ts'
import { findCommand } from './find-command.ts'
import { commandHelp, fullHelp, overview } from './help.ts'
import { spellingsOf } from './spelling.ts'
import { UsageError } from './usage-error.ts'
import { version } from './version.ts'

/** Runs `piko` with its arguments; resolves with the exit code. Never throws. */
export async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  try {
    return await dispatch(argv, context)
  } catch (error) {
    if (error instanceof ConfigError) context.warn(`${problemText(error, context)}\n`)
    else context.warn(`piko: ${describeError(error)}\n`)
    return exitCodeOf(error)
  }
}

async function dispatch(argv: readonly string[], context: CommandContext): Promise<number> {
  const words = leadingWords(argv)
  const called = findCommand(COMMANDS, words)
  if (called.kind === 'unknown') throw unknownCommand(words, called.known)
  const { command, wordCount } = called
  const rest = argv.slice(wordCount)
  const isCall = called.kind === 'command' || (rest.length > 0 && !asksForHelp(rest))
  if (command === undefined || !isCall) return explainGroup(argv, words, context)
  if (rest.includes('--help-all')) context.print(helpText(fullHelp(command), context))
  else if (asksForHelp(rest)) context.print(helpText(commandHelp(command), context))
  else return command.execute(rest, context)
  return ExitCode.ok
}

/** `piko`, `piko --help`, `piko --version`, `piko agent`. */
function explainGroup(
  argv: readonly string[],
  words: readonly string[],
  context: CommandContext,
): number {
  if (words.length === 0 && argv.includes('--version')) {
    context.print(`piko ${version()}\n`)
    return ExitCode.ok
  }
  if (argv.length > words.length && !asksForHelp(argv)) throw flagWithoutCommand(argv, words)
  context.print(helpText(overview(COMMANDS, words), context))
  return ExitCode.ok
}

function helpText(text: string, { colors }: CommandContext): string {
  return colors?.print === true ? coloredHelp(text) : text
}

function problemText(error: ConfigError, { colors }: CommandContext): string {
  const text = formatProblems(error)
  return colors?.warn === true ? coloredProblems(text) : text
}

function leadingWords(argv: readonly string[]): readonly string[] {
  const end = argv.findIndex((argument) => argument.startsWith('-'))
  return end === -1 ? argv : argv.slice(0, end)
}

function asksForHelp(argv: readonly string[]): boolean {
  return argv.some((argument) => /^(--help(-all)?|-h)$/.test(argument))
}

function flagWithoutCommand(argv: readonly string[], words: readonly string[]): UsageError {
  const flag = argv[words.length]
  return new UsageError(`unknown flag ${flag}; see ${['piko', ...words].join(' ')} --help`)
}

function unknownCommand(words: readonly string[], known: number): UsageError {
  // An alias of one word, such as `agent`, resembles too much of what may be meant.
  const names = COMMANDS.flatMap((command) =>
    spellingsOf(command).filter(({ length }) => length > 1 || command.words.length === 1),
  ).map((spelling) => spelling.join(' '))
  // The longest beginning that resembles a command tells best what was meant.
  const suggestion = words
    .map((_word, index) => nearest(words.slice(0, words.length - index).join(' '), names))
    .find((name) => name !== undefined)
  const group = ['piko', ...words.slice(0, known), '--help'].join(' ')
  const hint = suggestion === undefined ? `see ${group}` : `did you mean "piko ${suggestion}"?`
  return new UsageError(`unknown command "${words.slice(0, known + 1).join(' ')}"; ${hint}`)
}
