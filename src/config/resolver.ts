import { unreachable } from '../std/assert.ts'
import type { Environment } from './expand-env.ts'
import { settleContents, type SectionOrigins } from './file-contents.ts'
import type { Findings } from './findings.ts'
import type { FlagText, FlagTexts } from './flags.ts'
import { holdsSecrets, KnownKeys } from './known-keys.ts'
import { flagName, spokenName } from './names.ts'
import type { Range } from './source-file.ts'
import type { Child, Complaint, Items, Section } from './section.ts'
import { originOfKey, reportMissing, reportShape, type Spot } from './spot.ts'
import { LIST_SYNTAX, ValueReader } from './value-reader.ts'
import type { YamlEntry, YamlNode } from './yaml-tree.ts'

export interface ResolverSources {
  readonly flags: FlagTexts
  /** Given when variables in the file's values are expanded. */
  readonly env: Environment | undefined
}

/**
 * Walks the sections and settles each value: a flag wins over the file, the file over the default.
 * A mistake is noted and the walk goes on with the default, so that all are found.
 */
export class Resolver {
  private readonly root: Section
  private readonly flags: FlagTexts
  private readonly findings: Findings
  private readonly values: ValueReader

  constructor(root: Section, { flags, env }: ResolverSources, findings: Findings) {
    this.root = root
    this.flags = flags
    this.findings = findings
    this.values = new ValueReader(findings, env)
  }

  /** A configuration of the shape that `root` describes; only valid if nothing was found. */
  resolve(node: YamlNode | undefined): object {
    return this.section(this.root, { path: [], node })
  }

  private section(section: Section, given: Spot): object {
    const spot = withSwitch(section, given)
    const before = this.findings.problems.length
    const keys = new KnownKeys(section)
    if (spot.node !== undefined && spot.node.kind !== 'map' && spot.node.kind !== 'null') {
      const switches = section.options.off === undefined ? [] : ['true', 'false']
      const allowed = [...switches, ...keys.names].join(', ')
      const secret = holdsSecrets(section)
      reportShape(this.findings, spot, { shape: 'a section', allowed, secret })
      return {}
    }
    const entries = this.entries(keys, spot)
    const origins = this.origins(spot, entries)
    const values = keys.children.map(
      (child) => [child.key, this.setting(child, origins.spotOf(child))] as const,
    )
    const config: Record<string, unknown> = Object.fromEntries(values)
    settleContents(keys.children, config, { findings: this.findings, origins })
    if (this.findings.problems.length === before) {
      for (const complaint of section.options.check?.(config) ?? []) {
        this.complain(complaint, spot, entries)
      }
    }
    return config
  }

  private origins(spot: Spot, entries: ReadonlyMap<Child, YamlEntry>): SectionOrigins {
    return {
      spotOf: (child) => {
        const entry = entries.get(child)
        const path = [...spot.path, child.name]
        return { path, key: entry?.key ?? spot.key, node: entry?.value }
      },
      flagOf: ({ name }) => this.flagsOf([...spot.path, name]).at(-1)?.written,
    }
  }

  private setting({ name, setting }: Child, spot: Spot): unknown {
    const flags = this.flagsOf(spot.path)
    const { deprecated } = setting.options
    if (deprecated !== undefined && (spot.node !== undefined || flags.length > 0)) {
      const flag = flags.at(-1)?.written
      const origin = flag === undefined ? originOfKey(spot) : { flag }
      this.findings.warning(spot.path, `${spokenName(name)} is deprecated: ${deprecated}`, origin)
    }
    switch (setting.node) {
      case 'section':
        return this.section(setting, spot)
      case 'items':
        return this.items(setting, spot)
      case 'list':
        return this.values.list(setting, spot, flags)
      case 'field':
        return this.values.field(setting, spot, flags)
      default:
        return unreachable(setting)
    }
  }

  private items(items: Items, spot: Spot): readonly object[] {
    const { node, path } = spot
    if (node === undefined || node.kind === 'null') {
      if (items.options.required === true) reportMissing(this.findings, spot)
      return []
    }
    if (node.kind !== 'list') {
      const secret = holdsSecrets(items.of)
      reportShape(this.findings, spot, { shape: 'a list', allowed: LIST_SYNTAX, secret })
      return []
    }
    return node.items.map((item, index) => {
      const here = [...path.slice(0, -1), `${path.at(-1)}[${index}]`]
      if (items.options.called !== undefined) {
        this.findings.call(here, calledBy(items.options.called, item))
      }
      return this.section(items.of, { path: here, key: startOf(item), node: item })
    })
  }

  /** The file's keys in this section, after a word about those that nobody knows. */
  private entries(keys: KnownKeys, spot: Spot): Map<Child, YamlEntry> {
    const found = new Map<Child, YamlEntry>()
    const { node } = spot
    if (node?.kind !== 'map') return found
    for (const entry of node.entries) {
      const child = keys.find(entry.name)
      if (child === undefined) this.unknownKey(entry, keys, spot)
      else if (!found.has(child)) found.set(child, entry)
      else this.sameSetting(entry, found.get(child)?.name ?? '', spot)
    }
    return found
  }

  private unknownKey({ name, key }: YamlEntry, keys: KnownKeys, spot: Spot): void {
    const suggestion = keys.suggestion(name, this.root)
    const allowed = suggestion === undefined ? keys.names.join(', ') : undefined
    const origin = { range: key, hide: 'rest' } as const
    const details = { suggestion, allowed }
    this.findings.problem([...spot.path, name], `unknown key "${name}"`, origin, details)
  }

  /** An earlier name beside the present one: no duplicate for YAML, but one for us. */
  private sameSetting({ name, key }: YamlEntry, other: string, spot: Spot): void {
    const text = `${other} and ${name} are two names of one setting`
    const origin = { range: key, hide: 'rest' } as const
    this.findings.problem([...spot.path, name], text, origin)
  }

  private complain(complaint: Complaint, spot: Spot, entries: Map<Child, YamlEntry>): void {
    const { at, text } =
      typeof complaint === 'string' ? { at: undefined, text: complaint } : complaint
    const key = [...entries].find(([child]) => child.name === at)?.[1].key ?? spot.key
    const flag = at === undefined ? undefined : this.flagsOf([...spot.path, at]).at(-1)
    const origin = flag === undefined ? originOfKey({ ...spot, key }) : { flag: flag.written }
    this.findings.complaint({ section: spot.path, at }, text, origin)
  }

  private flagsOf(path: readonly string[]): readonly FlagText[] {
    return this.flags.get(flagName(path)) ?? []
  }
}

/** Where an item begins: its values, which may be secrets, are not shown for what it lacks. */
function startOf(item: YamlNode): Range {
  return (item.kind === 'map' ? item.entries[0]?.key : undefined) ?? item
}

/** Takes `access_log: false` for `access_log: { disable: true }`, where `disable` is `off`. */
function withSwitch({ options: { off } }: Section, spot: Spot): Spot {
  const { node } = spot
  if (off === undefined || node?.kind !== 'text' || !/^(true|false)$/.test(node.text)) return spot
  const value = { ...node, text: String(node.text === 'false') }
  const entries = [{ name: off, key: node, value }]
  return { ...spot, node: { kind: 'map', start: node.start, end: node.end, entries } }
}

/** `listener: orders`, or `listener` for one that has no name. */
function calledBy({ noun, by }: { readonly noun: string; readonly by: string }, item: YamlNode) {
  const entry = item.kind === 'map' ? item.entries.find(({ name }) => name === by) : undefined
  return entry?.value.kind === 'text' ? `${noun}: ${entry.value.text}` : noun
}
