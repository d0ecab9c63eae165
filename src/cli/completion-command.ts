import { nearest } from '../config/nearest.ts'
import { section } from '../config/section.ts'
import { definePlainCommand } from './command.ts'
import type { Command } from './command.ts'
import { completionScript, SHELLS } from './completion.ts'
import { ExitCode } from './exit-code.ts'
import { UsageError } from './usage-error.ts'

/** `piko completion`; `commands` gives all commands, this one included. */
export function completionCommand(commands: () => readonly Command[]): Command {
  return definePlainCommand({
    words: ['completion'],
    arguments: `<${SHELLS.join('|')}>`,
    summary: 'Print a script that completes commands and flags in a shell',
    description: 'Prints a script for the shell, which completes commands, flags and their values.',
    examples: [
      'eval "$(piko completion bash)"                                  # in ~/.bashrc',
      'eval "$(piko completion zsh)"                                   # in ~/.zshrc',
      'piko completion fish > ~/.config/fish/completions/piko.fish',
    ],
    own: section({}),
    async run({ positionals, context }) {
      const word = positionals[0] as string
      const shell = SHELLS.find((known) => known === word)
      if (shell === undefined) {
        const suggestion = nearest(word, SHELLS)
        const hint = suggestion === undefined ? '' : `; did you mean ${suggestion}?`
        throw new UsageError(`no completion for ${JSON.stringify(word)}${hint}`)
      }
      context.print(completionScript(shell, commands()))
      return ExitCode.ok
    },
  })
}
