import type { Command } from './command.ts'
import { beginsWith, commonLength, spellingsOf } from './spelling.ts'

/** What the leading words of a command line call. */
export type Called =
  | { readonly kind: 'command'; readonly command: Command; readonly wordCount: number }
  /**
   * `piko agent`, `piko server status`: words that several commands begin with. With flags behind
   * them they may also call one of these, by an alias: `piko agent --endpoints a/3000`.
   */
  | { readonly kind: 'group'; readonly command: Command | undefined; readonly wordCount: number }
  /** `known` words make sense, the next one does not. */
  | { readonly kind: 'unknown'; readonly known: number }

/**
 * Finds the command that `words` call: the one with the longest spelling that they begin with.
 *
 *     piko server                     a command that others begin with: it is itself
 *     piko server status              a group: the words stop short in the midst of others
 *     piko server status cluste       unknown, though `server` alone would be a command
 *     piko agent my-endpoint 3000     a spelling with arguments behind it
 */
export function findCommand(commands: readonly Command[], words: readonly string[]): Called {
  const spelled = commands.flatMap((command) =>
    spellingsOf(command).map((spelling) => ({ command, spelling })),
  )
  const known = Math.max(...spelled.map(({ spelling }) => commonLength(spelling, words)))
  const isExact = commands.some((command) => isSame(command.words, words))
  if (!isExact && spelled.some(({ spelling }) => stopsShort(words, spelling))) {
    const aliased = spelled.find(({ spelling }) => isSame(spelling, words))
    return { kind: 'group', command: aliased?.command, wordCount: words.length }
  }
  const [longest] = spelled
    .filter(({ spelling }) => beginsWith(words, spelling))
    .sort((a, b) => b.spelling.length - a.spelling.length)
  if (longest === undefined || longest.spelling.length < known) return { kind: 'unknown', known }
  return { kind: 'command', command: longest.command, wordCount: longest.spelling.length }
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && beginsWith(a, b)
}

function stopsShort(words: readonly string[], spelling: readonly string[]): boolean {
  return words.length < spelling.length && beginsWith(spelling, words)
}
