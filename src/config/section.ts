import { text } from './text-fields.ts'
import type { Field, FieldOptions } from './field.ts'
import { flagName, yamlName } from './names.ts'

/** Several values of one kind: a YAML list, or a flag that is repeated or comma-separated. */
export interface List<Value> {
  readonly node: 'list'
  readonly of: Field<Value>
  readonly options: FieldOptions
  readonly initial: readonly Value[]
}

/** A YAML list of sections. It has no flags. */
export interface Items<Fields extends Shape = Shape> {
  readonly node: 'items'
  readonly of: Section<Fields>
  readonly options: ItemsOptions
}

interface ItemsOptions<Value = unknown> extends FieldOptions<Value> {
  /** How messages call an item: `listener: orders` with the value of its `endpoint_id`. */
  readonly called?: { readonly noun: string; readonly by: string }
}

/** Settings that belong together; a configuration is a section of sections. */
export interface Section<Fields extends Shape = Shape> {
  readonly node: 'section'
  readonly fields: Fields
  readonly options: SectionOptions<Fields>
}

export type Setting = Field<unknown> | List<unknown> | Items | Section
export type Shape = { readonly [key: string]: Setting }

/** The configuration that a section describes: plain readonly values. */
export type ConfigOf<Node> =
  Node extends Section<infer Fields>
    ? { readonly [Key in keyof Fields]: ConfigOf<Fields[Key]> }
    : Node extends Items<infer Fields>
      ? readonly ConfigOf<Section<Fields>>[]
      : Node extends List<infer Value>
        ? readonly Value[]
        : Node extends Field<infer Value>
          ? Value
          : never

/** A mistake that only several fields together show. `at` is the YAML name to point at. */
export type Complaint = string | { readonly at: string; readonly text: string }

export interface SectionOptions<Fields extends Shape = Shape> {
  readonly help?: string
  readonly name?: string
  readonly aliases?: readonly string[]
  readonly yamlOnly?: boolean
  readonly deprecated?: string
  /** The switch that a plain `false` in the place of the section turns on; `true` leaves it off. */
  readonly off?: string
  /** New values of all settings below are taken while the program runs. */
  readonly reload?: boolean
  /** Runs once every field is valid on its own. */
  check?(config: ConfigOf<Section<Fields>>): Iterable<Complaint>
}

export function section<const Fields extends Shape>(
  fields: Fields,
  options: SectionOptions<Fields> = {},
): Section<Fields> {
  return { node: 'section', fields, options }
}

/** A list of texts, or of the fields that `of` describes. */
export function list(options: ListOptions<string>): List<string>
export function list<Value>(options: ListOptions<Value> & { of: Field<Value> }): List<Value>
export function list(options: ListOptions<unknown>): List<unknown> {
  const { of = text({ help: options.help }), default: initial = [] } = options
  return { node: 'list', of, options, initial }
}

type ListOptions<Value> = FieldOptions<readonly Value[]> & {
  readonly default?: readonly Value[]
  readonly of?: Field<Value>
}

export function items<Fields extends Shape>(
  of: Section<Fields>,
  options: ItemsOptions<readonly ConfigOf<Section<Fields>>[]>,
): Items<Fields> {
  return { node: 'items', of, options }
}

/** A setting with the names that its place gives it. */
export interface Child {
  readonly key: string
  readonly name: string
  readonly setting: Setting
}

export function childrenOf(parent: Section): Child[] {
  return Object.entries(parent.fields).map(([key, setting]) => ({
    key,
    name: setting.options.name ?? yamlName(withoutUnit(key, setting)),
    setting,
  }))
}

function withoutUnit(key: string, setting: Setting): string {
  const suffix = setting.node === 'field' ? (setting.keySuffix ?? '') : ''
  return suffix !== '' && key.endsWith(suffix) ? key.slice(0, -suffix.length) : key
}

/** A setting that holds values, with its YAML path from the root. */
export interface Leaf {
  readonly path: readonly string[]
  /** The flag's name without dashes; undefined when it is set in YAML only. */
  readonly flag: string | undefined
  readonly setting: Field<unknown> | List<unknown> | Items
  /** Whether a program takes a new value while it runs. */
  readonly reload: boolean
}

/** Every leaf below `root`, in the order in which the sections declare them. */
export function* leavesOf(
  root: Section,
  { path = [], yamlOnly = false, reload = false }: Inherited = {},
): Generator<Leaf> {
  for (const { name, setting } of childrenOf(root)) {
    const here = {
      path: [...path, name],
      yamlOnly: yamlOnly || setting.options.yamlOnly === true || setting.node === 'items',
      reload: reload || setting.options.reload === true,
    }
    if (setting.node === 'section') yield* leavesOf(setting, here)
    else {
      const flag = here.yamlOnly ? undefined : flagName(here.path)
      yield { path: here.path, flag, setting, reload: here.reload }
    }
  }
}

/** What the sections above a setting decide for it. */
interface Inherited {
  readonly path?: readonly string[]
  readonly yamlOnly?: boolean
  readonly reload?: boolean
}
