import { Composer, type CST, type Document, Parser, type YAMLError } from 'yaml'
import { type YamlNode, type YamlProblem, YamlTree } from './yaml-tree.ts'

/** Deeper than any configuration; the composer recurses, and a hostile depth would overflow it. */
const DEPTH_MAX = 50

export interface ParsedYaml {
  /** Undefined when the text is too broken to look at its settings. */
  readonly root: YamlNode | undefined
  readonly problems: readonly YamlProblem[]
}

/** Reads a text that must be exactly one YAML document with a mapping in it. */
export function parseYaml(text: string): ParsedYaml {
  const tokens = [...new Parser().parse(text)]
  const tooDeep = firstBelow(tokens, DEPTH_MAX)
  if (tooDeep !== undefined) {
    const range = { start: tooDeep.offset, end: tooDeep.offset + 1 }
    return broken({ text: `nested more than ${DEPTH_MAX} levels deep`, ...range })
  }
  const options = { prettyErrors: false, logLevel: 'silent' } as const
  const documents = [...new Composer(options).compose(tokens, false, text.length)]
  return parsed(documents, text)
}

function parsed(documents: readonly Document.Parsed[], text: string): ParsedYaml {
  const [document, second] = documents
  if (document === undefined) return broken({ text: 'the file is empty', start: 0, end: 0 })
  const duplicates = document.errors.filter(({ code }) => code === 'DUPLICATE_KEY')
  const syntax = document.errors.find(({ code }) => code !== 'DUPLICATE_KEY')
  if (syntax !== undefined) return broken(syntaxProblem(syntax, text))
  if (second !== undefined) {
    const start = second.range[0]
    return broken({ text: 'the file holds more than one YAML document', start, end: start })
  }
  const tree = new YamlTree(document)
  const problems = [...duplicates.map((error) => duplicateProblem(error, text)), ...tree.problems]
  if (tree.root.kind === 'null' && problems.length === 0) {
    return broken({ text: 'the file is empty', start: 0, end: 0 })
  }
  return { root: tree.problems.length === 0 ? tree.root : undefined, problems }
}

function broken(problem: YamlProblem): ParsedYaml {
  return { root: undefined, problems: [problem] }
}

function duplicateProblem({ pos: [start] }: YAMLError, text: string): YamlProblem {
  const name = /^["']?([\w.-]*)/.exec(text.slice(start))?.[1] ?? ''
  return { text: `key "${name}" is written twice`, start, end: start + Math.max(1, name.length) }
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
  [/^Flow (map|sequence) in block collection must/, 'a closing } or ] is missing'],
  [/^Unexpected scalar at node end/, 'text follows the end of a quoted value'],
  [/^Expected flow (map|sequence) to end/, 'a closing } or ] is missing'],
  [/^Unresolved alias/, 'the alias has no anchor before it'],
]

function syntaxProblem({ message, pos: [start, end] }: YAMLError, text: string): YamlProblem {
  const inFlow = message.startsWith('Missing , or :') && text.slice(start - 1, start + 1) === '${'
  const plain = inFlow
    ? 'a ${VARIABLE} inside [ ] or { } must be written in quotes'
    : SYNTAX.find(([pattern]) => pattern.test(message))?.[1]
  return { text: plain ?? `not valid YAML: ${message}`, start, end }
}

/** A token more than `levels` levels below the top, if there is one. Works without recursion. */
function firstBelow(tokens: readonly CST.Token[], levels: number): CST.Token | undefined {
  let level = tokens
  for (let depth = 0; depth <= levels; depth += 1) level = level.flatMap(childrenOf)
  return level[0]
}

function childrenOf(token: CST.Token): CST.Token[] {
  if (token.type === 'document') return token.value === undefined ? [] : [token.value]
  if (!('items' in token)) return []
  return token.items.flatMap((item) =>
    [item.key, item.value].filter((child) => child !== null && child !== undefined),
  )
}
