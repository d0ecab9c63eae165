import type { Findings, Origin } from './findings.ts'
import { spokenName } from './names.ts'
import type { Range } from './source-file.ts'
import type { YamlNode } from './yaml-tree.ts'

/** A setting on the way down: its path, what the file says, and the key that says it. */
export interface Spot {
  /** YAML names from the root; an item of a list is `listeners[0]`. */
  readonly path: readonly string[]
  /** The nearest key of the file at or above the setting. */
  readonly key?: Range | undefined
  readonly node?: YamlNode | undefined
}

/** How sentences call the setting: `bind addr`. */
export function nameOf({ path }: Spot): string {
  return path.length === 0 ? 'the file' : spokenName(path.at(-1) as string)
}

export function originOfKey({ key }: Spot): Origin {
  return key === undefined ? undefined : { range: key, hide: 'rest' }
}

/** What a setting takes, against the shape of what the file has. */
export interface Wanted {
  readonly shape: 'a section' | 'a list' | 'a list of single values' | 'a single value'
  readonly allowed: string
  readonly secret: boolean
}

const SHAPES = { text: 'a single value', null: 'nothing', list: 'a list', map: 'a section' }

export function reportShape(findings: Findings, spot: Spot, wanted: Wanted): void {
  const { node, path } = spot
  if (node === undefined) return
  const shape = path.length === 0 ? 'made of keys and values' : wanted.shape
  const origin = { range: node, hide: wanted.secret ? 'value' : 'nothing' } as const
  const details = { found: SHAPES[node.kind], allowed: wanted.allowed }
  findings.problem(path, `${nameOf(spot)} must be ${shape}`, origin, details)
}

export function reportMissing(findings: Findings, spot: Spot): void {
  findings.problem(spot.path, `missing ${nameOf(spot)}`, originOfKey(spot))
}
