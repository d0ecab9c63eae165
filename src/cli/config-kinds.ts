import { readText } from '../config/read-text.ts'
import { parseYaml } from '../config/parse-yaml.ts'
import { childrenOf } from '../config/section.ts'
import type { Section } from '../config/section.ts'
import { nearest } from '../config/nearest.ts'
import { agentConfig } from '../agent/config.ts'
import { forwardConfig } from '../forward/config.ts'
import { serverConfig } from '../server/config.ts'
import { UsageError } from './usage-error.ts'

/** What people keep configuration files for, by the word that names it. */
export const CONFIG_KINDS: Readonly<Record<string, Section>> = {
  server: serverConfig,
  agent: agentConfig,
  forward: forwardConfig,
}

export const KIND_WORDS = Object.keys(CONFIG_KINDS)

/** The section that a word names. Throws a UsageError when there is none. */
export function sectionOfKind(word: string): Section {
  const known = Object.hasOwn(CONFIG_KINDS, word) ? CONFIG_KINDS[word] : undefined
  if (known !== undefined) return known
  const suggestion = nearest(word, KIND_WORDS)
  const hint = suggestion === undefined ? '' : `; did you mean ${suggestion}?`
  throw new UsageError(`${JSON.stringify(word)} is not one of ${KIND_WORDS.join(', ')}${hint}`)
}

/**
 * The kind that most keys at the top of a file belong to. Throws a UsageError when several fit.
 * What cannot be read counts as the first kind, whose problems say why.
 */
export function guessKind(file: string): string {
  const content = readText(file)
  const root = 'text' in content ? parseYaml(content.text).root : undefined
  const keys = root?.kind === 'map' ? root.entries.map(({ name }) => name) : []
  const scores = Object.entries(CONFIG_KINDS).map(([word, section]) => {
    const names = new Set(childrenOf(section).map(({ name }) => name))
    return { word, score: keys.filter((key) => names.has(key)).length }
  })
  const best = Math.max(...scores.map(({ score }) => score))
  const [first, second] = scores.filter(({ score }) => score === best)
  if (first === undefined || root === undefined || second === undefined) {
    return first?.word ?? 'server'
  }
  const words = scores.filter(({ score }) => score === best).map(({ word }) => word)
  throw new UsageError(
    `${file} could be for ${words.join(' or ')}; say which: ` +
      `piko config check ${first.word} ${file}`,
  )
}
