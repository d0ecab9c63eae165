import { basicFlagHelp, flagHelp } from '../config/flag-help.ts'
import type { Command } from './command.ts'
import { beginsWith, spellingsOf } from './spelling.ts'

const INTRODUCTION = `Piko: a tunnel for production traffic.

Services register endpoints over outbound connections; clients reach them by sending HTTP requests
to any Piko node, with the endpoint in the Host or in x-piko-endpoint.`

const FIRST_STEPS = `First steps, each in a terminal of its own:
  piko server                                                    # a node
  piko agent http my-endpoint 3000                               # register the service at port 3000
  curl http://localhost:8000 -H 'x-piko-endpoint: my-endpoint'   # reach it through Piko`

/** What `piko` and `piko --help` say; below `words`, what `piko agent --help` says. */
export function overview(commands: readonly Command[], words: readonly string[] = []): string {
  const rows = commands.flatMap((command) => {
    // In the words that the user has begun with.
    const spelling = spellingsOf(command).find((candidate) => beginsWith(candidate, words))
    return spelling === undefined ? [] : [[usageOf(command, spelling), command.summary] as const]
  })
  const width = Math.max(...rows.map(([usage]) => usage.length)) + 3
  const listing = rows.map(([usage, summary]) => `  ${usage.padEnd(width)}${summary}`)
  return [
    ...(words.length === 0 ? [INTRODUCTION, ''] : []),
    'Commands:',
    ...listing,
    '',
    ...(words.length === 0 ? [FIRST_STEPS, ''] : []),
    'Each command explains itself and its flags with --help. --version shows the version.',
    '',
  ].join('\n')
}

/** What a screen takes. */
const SCREEN_LINES = 40

/** What `piko server --help` says: everything if it fits on a screen, the most needed if not. */
export function commandHelp(command: Command): string {
  const all = fullHelp(command)
  if (all.split('\n').length <= SCREEN_LINES) return all
  return [...introduction(command), basicFlagHelp(command.sections), ''].join('\n')
}

/** What `piko server --help-all` says. */
export function fullHelp(command: Command): string {
  const flags = command.sections.map((section) => flagHelp(section)).filter((text) => text !== '')
  return [...introduction(command), flags.join('\n\n'), ''].join('\n')
}

function introduction(command: Command): string[] {
  return [
    command.description,
    '',
    'Usage:',
    `  ${usageOf(command)} [flags]`,
    '',
    'Examples:',
    ...command.examples.map((example) => `  ${example}`),
    '',
  ]
}

function usageOf(command: Command, words = command.words): string {
  return ['piko', ...words, command.arguments].filter((word) => word !== '').join(' ')
}
