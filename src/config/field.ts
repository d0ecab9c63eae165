import { assert } from '../std/assert.ts'

/** A JSON Schema, or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** A value, or a sentence that says why the text gives none: `timeout is not a duration`. */
export type Parsed<Value> = { readonly value: Value } | { readonly refused: string }

export interface FieldOptions<Value = unknown> {
  /** One sentence or a few for operators; help and reference page show it. */
  readonly help: string
  /** The YAML name, where it does not follow from the key. */
  readonly name?: string
  /** An empty value is refused: `missing bind addr`. */
  readonly required?: boolean
  /** Has no flag. */
  readonly yamlOnly?: boolean
  /** Still read, with a warning; says what to use instead. */
  readonly deprecated?: string
  /** Earlier YAML names in the same section. */
  readonly aliases?: readonly string[]
  /** One of the few that a short help shows. */
  readonly basic?: boolean
  /** What may be written, where the kind alone does not say it. */
  readonly allowed?: string
  /** What the number counts, for help: `connections`. */
  readonly unit?: string
  /** A new value is taken while the program runs; a section says it for all of its settings. */
  readonly reload?: boolean
  /** Refuses values that the kind allows: returns the whole sentence. */
  check?(value: Value): string | undefined
}

/** How one kind of value is read, written and explained. */
export interface Kind<Value> {
  /** One word, shown in help: `duration`. */
  readonly type: string
  /** What may be written, for error messages. */
  readonly allowed: string
  /** The value that counts as none; what a field without a default has. */
  readonly empty: Value
  readonly json: JsonSchema
  /** The unit that ends a key in the code and that YAML leaves out: `timeoutMs` is `timeout`. */
  readonly keySuffix?: string
  readonly choices?: readonly string[]
  readonly secret?: boolean
  /** The value is the path of a file, whose change counts as a change of the configuration. */
  readonly file?: boolean
  /** The key, in the same section, of the setting that the file holds the value of. */
  readonly contentOf?: string
  /** `name` is how sentences call the field: `bind addr`. */
  parse(text: string, name: string): Parsed<Value>
  /** As it stands in YAML; `parse` of it gives the value back. */
  format(value: Value): string | number | boolean
  /** The value when its text stands in a file of its own; `parse` unless given. */
  ofFile?(path: string, text: string): Value
}

/**
 * One setting with a single value. Whether its text comes from a flag, from a YAML scalar or out
 * of the environment makes no difference: every field is read from text.
 */
export interface Field<Value> extends Kind<Value> {
  readonly node: 'field'
  readonly options: FieldOptions
  readonly initial: Value
  isEmpty(value: Value): boolean
}

export function defineField<Value>(
  kind: Kind<Value>,
  options: FieldOptions<Value> & { readonly default?: string | number | boolean },
): Field<Value> {
  const isEmpty = (value: Value) => kind.format(value) === kind.format(kind.empty)
  return {
    ...kind,
    node: 'field',
    allowed: options.allowed ?? kind.allowed,
    options,
    initial: initialValue(kind, options.default),
    isEmpty,
    parse(text, name) {
      const parsed = kind.parse(text, name)
      if ('refused' in parsed) return parsed
      if (options.required && isEmpty(parsed.value)) return { refused: `missing ${name}` }
      const refused = options.check?.(parsed.value)
      return refused === undefined ? parsed : { refused }
    },
  }
}

function initialValue<Value>(kind: Kind<Value>, text?: string | number | boolean): Value {
  if (text === undefined) return kind.empty
  const parsed = kind.parse(String(text), 'default')
  assert('value' in parsed, `${text} is a valid default for a ${kind.type}`)
  return parsed.value
}
