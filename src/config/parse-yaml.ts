import { Composer, type CST, Parser, type YAMLError } from 'yaml'
import type { Range } from './source-file.ts'
import { type YamlNode, type YamlProblem, YamlTree } from './yaml-tree.ts'

/** Deeper than any configuration; the composer recurses, and a hostile depth would overflow it. */
const DEPTH_MAX = 50

export interface ParsedYaml {
  /** Undefined when the text is too broken to look at its settings. */
  readonly root: YamlNode | undefined
  readonly problems: readonly YamlProblem[]
}

/** Reads a text that must be exactly one YAML document with something in it. */
export function parseYaml(text: string): ParsedYaml {
  const tokens = [...new Parser().parse(text)]
  const levels = levelsOf(tokens)
  const tooDeep = levels[DEPTH_MAX]?.[0]
  if (tooDeep !== undefined) {
    const range = { start: tooDeep.offset, end: tooDeep.offset + 1 }
    return broken({ text: `nested more than ${DEPTH_MAX} levels deep`, range })
  }
  const options = { prettyErrors: false, logLevel: 'silent', uniqueKeys: false } as const
  const [document, second] = new Composer(options).compose(tokens, false, text.length)
  const [error] = document?.errors ?? []
  if (error !== undefined) return broken(syntaxProblem(error, text, levels.flat()))
  if (document === undefined) return broken(EMPTY)
  if (second !== undefined) {
    const start = second.range[0]
    const range = { start, end: start + 1 }
    return broken({ text: 'the file holds more than one YAML document', range })
  }
  const { root, problems, complete } = new YamlTree(document)
  if (!complete) return { root: undefined, problems }
  return root.kind === 'null' ? broken(EMPTY) : { root, problems }
}

const EMPTY: YamlProblem = { text: 'the file is empty' }

function broken(problem: YamlProblem): ParsedYaml {
  return { root: undefined, problems: [problem] }
}

/** The parser's messages in words for people who do not know YAML's grammar by heart. */
const SYNTAX: readonly (readonly [pattern: RegExp, text: string])[] = [
  [/^Tabs are not allowed/, 'a tab is used as indentation; YAML takes spaces only'],
  [/^Missing closing ['"]quote/, 'the closing quote is missing'],
  [/^Implicit keys need to be on a single line/, 'a colon is missing after the key'],
  [/^Implicit map keys need to be followed/, 'a colon and a space are missing after the key'],
  [/^Nested mappings are not allowed/, 'a value with ": " in it must be written in quotes'],
  [/^Plain value cannot start/, 'a value that starts with this character needs quotes'],
  [/^All mapping items must start/, 'this key is indented differently from its neighbours'],
  [/^All sequence items must start/, 'this item is indented differently from its neighbours'],
  [/^A block sequence may not be/, 'this item is indented differently from its neighbours'],
  [/^Flow (map|sequence) in block collection must/, 'the closing } or ] is missing'],
  [/^Unexpected scalar at node end/, 'text follows the end of a quoted value'],
  [/^Expected flow (map|sequence) to end/, 'the closing } or ] is missing'],
]

function syntaxProblem(
  { message, pos: [start, end] }: YAMLError,
  text: string,
  tokens: readonly CST.Token[],
): YamlProblem {
  const inFlow = message.startsWith('Missing , or :') && text.slice(start - 1, start + 1) === '${'
  const plain = inFlow
    ? 'a ${VARIABLE} inside [ ] or { } must be written in quotes'
    : SYNTAX.find(([pattern]) => pattern.test(message))?.[1]
  const opening = plain?.startsWith('the closing') === true ? lastOpen(tokens) : undefined
  const range = opening ?? { start, end }
  return { text: plain ?? `not valid YAML: ${message}`, range }
}

/** Where the quote or bracket stands that nothing closes; the parser points at the file's end. */
function lastOpen(tokens: readonly CST.Token[]): Range | undefined {
  const open = tokens.filter(
    (token) =>
      (token.type === 'flow-collection' && token.end.length === 0) ||
      ((token.type === 'double-quoted-scalar' || token.type === 'single-quoted-scalar') &&
        !/^(["'])[\s\S]*\1$/.test(token.source)),
  )
  const offset = Math.max(...open.map((token) => token.offset))
  return Number.isFinite(offset) ? { start: offset, end: offset + 1 } : undefined
}

/** The tokens of each level of nesting, outermost first; one level more than is allowed at most. */
function levelsOf(tokens: readonly CST.Token[]): CST.Token[][] {
  const levels: CST.Token[][] = []
  let level = [...tokens]
  while (level.length > 0 && levels.length <= DEPTH_MAX) {
    levels.push(level)
    level = level.flatMap(childrenOf)
  }
  return levels
}

function childrenOf(token: CST.Token): CST.Token[] {
  if (token.type === 'document') return token.value === undefined ? [] : [token.value]
  if (!('items' in token)) return []
  return token.items
    .flatMap((item) => [item.key, item.value])
    .filter((child) => child !== null && child !== undefined)
}
