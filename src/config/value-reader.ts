import { type Environment, expandEnv } from './expand-env.ts'
import type { Field } from './field.ts'
import type { Findings, Origin } from './findings.ts'
import type { FlagText } from './flags.ts'
import { nearest } from './nearest.ts'
import { hidePasswords } from './secret-text.ts'
import type { List } from './section.ts'
import { nameOf, originOfKey, reportMissing, reportShape, type Spot } from './spot.ts'
import type { YamlText } from './yaml-tree.ts'

/** A text with its origin, ready to be read by a field. */
interface Written {
  readonly text: string
  readonly origin: Origin
}

/** Settles the value of one setting from the flags that were given, the file and its default. */
export class ValueReader {
  private readonly findings: Findings
  /** Given when variables in the file's values are expanded. */
  private readonly env: Environment | undefined

  constructor(findings: Findings, env: Environment | undefined) {
    this.findings = findings
    this.env = env
  }

  /** The last flag wins. What it hides in the file is checked nevertheless. */
  field(field: Field<unknown>, spot: Spot, flags: readonly FlagText[]): unknown {
    const { node } = spot
    const texts: Written[] = flags.map(({ written, text }) => ({ text, origin: { flag: written } }))
    if (node?.kind === 'text') texts.unshift(...this.expanded(field, spot, node))
    else if (node !== undefined && node.kind !== 'null') {
      const { allowed, secret = false } = field
      reportShape(this.findings, spot, { shape: 'a single value', allowed, secret })
      return field.initial
    }
    if (texts.length > 0) return texts.map((written) => this.parse(field, spot, written)).at(-1)
    if (field.options.required === true && field.isEmpty(field.initial)) {
      reportMissing(this.findings, spot)
    }
    return field.initial
  }

  /** Values of flags add up, and take the place of the file's. */
  list(list: List<unknown>, spot: Spot, flags: readonly FlagText[]): unknown {
    const fromFile = this.fileTexts(list, spot)
    const fromFlags = flags.flatMap(({ written, text }) => splitList(text, { flag: written }))
    const fileValues = fromFile?.map((written) => this.parse(list.of, spot, written))
    const flagValues = fromFlags.map((written) => this.parse(list.of, spot, written))
    const values = flags.length > 0 ? flagValues : (fileValues ?? list.initial)
    const refused = list.options.check?.(values)
    if (refused !== undefined) this.findings.problem(spot.path, refused, originOfKey(spot))
    if (list.options.required === true && values.length === 0) reportMissing(this.findings, spot)
    return values
  }

  /** Undefined when the file leaves the list at its default. */
  private fileTexts({ of }: List<unknown>, spot: Spot): Written[] | undefined {
    const { node } = spot
    const { allowed, secret = false } = of
    if (node === undefined || node.kind === 'null') return undefined
    if (node.kind === 'text') {
      const [written] = this.expanded(of, spot, node)
      return written === undefined ? undefined : splitList(written.text, written.origin)
    }
    if (node.kind === 'map') {
      reportShape(this.findings, spot, { shape: 'a list', allowed: LIST_SYNTAX, secret })
      return undefined
    }
    return node.items.flatMap((item) => {
      const here = { ...spot, node: item }
      if (item.kind === 'null') return []
      if (item.kind === 'text') return this.expanded(of, here, item)
      reportShape(this.findings, here, { shape: 'a list of single values', allowed, secret })
      return []
    })
  }

  /** A file's text with its variables filled in: none when it expands to nothing. */
  private expanded(field: Field<unknown>, spot: Spot, node: YamlText): Written[] {
    const origin = { range: node, hide: field.secret === true ? 'value' : 'nothing' } as const
    const text = this.env === undefined ? node.text : expandEnv(node.text, this.env)
    if (text !== undefined) return text === '' && node.text !== '' ? [] : [{ text, origin }]
    const sentence = `${nameOf(spot)} has a \${ without a name or an end`
    const allowed = '${VARIABLE} or ${VARIABLE:default}; $$ stands for a single $'
    this.findings.problem(spot.path, sentence, origin, { allowed })
    return []
  }

  private parse(field: Field<unknown>, spot: Spot, { text, origin }: Written): unknown {
    const parsed = field.parse(text, nameOf(spot))
    if ('value' in parsed) return parsed.value
    const found = field.secret === true ? undefined : quoted(text)
    const { allowed, choices = [] } = field
    const suggestion = nearest(text, choices)
    const details = { found, allowed, suggestion }
    this.findings.problem(spot.path, parsed.refused, origin, details)
    return field.initial
  }
}

/** What a list looks like, for messages. */
export const LIST_SYNTAX = 'items that begin with "- "'

function splitList(text: string, origin: Origin): Written[] {
  const parts = text.split(',').map((part) => part.trim())
  return parts.filter((part) => part !== '').map((part) => ({ text: part, origin }))
}

const FOUND_MAX = 60

function quoted(text: string): string {
  const shown = hidePasswords(text)
  return JSON.stringify(shown.length > FOUND_MAX ? `${shown.slice(0, FOUND_MAX)}…` : shown)
}
