import type { Command } from './command.ts'

/** Words that call a command: `['status', 'cluster', 'nodes']`. */
export type Spelling = readonly string[]

/** All words that call a command, the ones that help shows first. */
export function spellingsOf({ words, aliases = [] }: Command): readonly Spelling[] {
  return [words, ...aliases]
}

/** Whether `words` are `prefix`, or go on behind it. */
export function beginsWith(words: readonly string[], prefix: readonly string[]): boolean {
  return prefix.length <= words.length && commonLength(words, prefix) === prefix.length
}

/** How many words two lists have in common from the start. */
export function commonLength(a: readonly string[], b: readonly string[]): number {
  const end = a.findIndex((word, i) => word !== b[i])
  return end === -1 ? a.length : end
}
