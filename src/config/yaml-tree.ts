import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type Scalar,
} from 'yaml'
import type { Range } from './source-file.ts'

/**
 * A YAML document as the configuration sees it: aliases and merge keys are resolved, every scalar
 * is the text that was written, and everything knows its place.
 */
export type YamlNode = YamlText | YamlNull | YamlList | YamlMap

export interface YamlText extends Range {
  readonly kind: 'text'
  readonly text: string
}

/** Nothing, `null` or `~`: the setting keeps its default. */
export interface YamlNull extends Range {
  readonly kind: 'null'
}

export interface YamlList extends Range {
  readonly kind: 'list'
  readonly items: readonly YamlNode[]
}

export interface YamlMap extends Range {
  readonly kind: 'map'
  readonly entries: readonly YamlEntry[]
}

export interface YamlEntry {
  readonly name: string
  readonly key: Range
  readonly value: YamlNode
}

/** A sentence about a place in the document, or about all of it. */
export interface YamlProblem {
  readonly text: string
  readonly range?: Range
}

/** No sane configuration comes near; a file of nested aliases is over it at once. */
const NODES_MAX = 20_000
const TAGS = new Set(['str', 'int', 'float', 'bool', 'null', 'map', 'seq'])

/** Builds the tree of one document without syntax errors. */
export class YamlTree {
  readonly problems: YamlProblem[] = []
  /** False when a part of the document could not be built, and its settings are not known. */
  complete = true
  readonly root: YamlNode
  private readonly document: Document
  private readonly open = new Set<Node>()
  private count = 0

  constructor(document: Document) {
    this.document = document
    this.root = this.build(document.contents)
  }

  private build(node: Node | null): YamlNode {
    const range = rangeOf(node)
    if (node === null || !this.withinLimit()) return { kind: 'null', ...range }
    if (isAlias(node)) return this.target(node, range)
    this.checkTag(node, range)
    if (isScalar(node)) return scalar(node, range)
    this.open.add(node)
    const built: YamlNode = isSeq(node)
      ? { kind: 'list', items: node.items.map((item) => this.build(item as Node)), ...range }
      : { kind: 'map', entries: isMap(node) ? this.entries(node.items) : [], ...range }
    this.open.delete(node)
    return built
  }

  private entries(pairs: readonly Pair[]): YamlEntry[] {
    const own: YamlEntry[] = []
    const merged: YamlEntry[] = []
    const names = new Set<string>()
    for (const pair of pairs) {
      const key = rangeOf(pair.key as Node | null)
      const value = this.build(pair.value as Node | null)
      const name = isScalar(pair.key) ? (pair.key.source ?? '') : ''
      if (name === '<<') merged.push(...this.mergedEntries(value, key))
      else if (name === '') this.problems.push({ text: 'a key must be a name', range: key })
      else if (names.has(name)) {
        this.problems.push({ text: `key "${name}" is written twice`, range: key })
      } else {
        names.add(name)
        own.push({ name, key, value })
      }
    }
    return [...own, ...merged.filter(({ name }) => !names.has(name) && names.add(name))]
  }

  /** `<<: *defaults`: the other section's keys, unless this one has them itself. */
  private mergedEntries(value: YamlNode, key: Range): readonly YamlEntry[] {
    if (value.kind === 'map') return value.entries
    if (value.kind === 'list') return value.items.flatMap((item) => this.mergedEntries(item, key))
    this.giveUp('<< must name a section, as in <<: *name', key)
    return []
  }

  private target(alias: Alias, range: Range): YamlNode {
    const target = alias.resolve(this.document)
    if (target !== undefined && !this.open.has(target)) return this.build(target)
    const text =
      target === undefined
        ? `alias *${alias.source} has no anchor &${alias.source} before it`
        : `alias *${alias.source} contains itself`
    this.giveUp(text, range)
    return { kind: 'null', ...range }
  }

  private checkTag(node: Node, range: Range): void {
    const tag = 'tag' in node && typeof node.tag === 'string' ? node.tag : undefined
    if (tag === undefined || TAGS.has(tag.replace('tag:yaml.org,2002:', ''))) return
    const written = tag.replace('tag:yaml.org,2002:', '!!')
    this.problems.push({ text: `tag ${written} has no meaning here`, range })
  }

  private withinLimit(): boolean {
    this.count += 1
    if (this.count === NODES_MAX) {
      this.giveUp(`the file holds more than ${NODES_MAX} values once its aliases are expanded`)
    }
    return this.count < NODES_MAX
  }

  private giveUp(text: string, range?: Range): void {
    this.complete = false
    this.problems.push(range === undefined ? { text } : { text, range })
  }
}

/** Plain scalars keep what was written: `0123` and `1_000` are no numbers yet. */
function scalar({ value, source = '' }: Scalar, range: Range): YamlNode {
  if (value === null) return { kind: 'null', ...range }
  return { kind: 'text', text: typeof value === 'string' ? value : source, ...range }
}

function rangeOf(node: Node | null): Range {
  const [start, end] = node?.range ?? [0, 0]
  return { start, end }
}
