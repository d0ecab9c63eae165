import { unreachable } from '../std/assert.ts'
import type { Field, JsonSchema } from './field.ts'
import { childrenOf, type Section, type Setting } from './section.ts'
import { defaultText } from './value-text.ts'

/** Describes the YAML file to editors and validators, in JSON Schema 2020-12. */
export function jsonSchema(root: Section, title: string): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title,
    ...sectionSchema(root),
  }
}

function sectionSchema(section: Section): JsonSchema {
  const children = childrenOf(section)
  const properties = new Map<string, JsonSchema>()
  for (const { name, setting } of children) {
    const schema = { ...settingSchema(setting), ...remarks(setting) }
    properties.set(name, schema)
    for (const alias of setting.options.aliases ?? []) {
      properties.set(alias, { ...schema, deprecated: true })
    }
  }
  const required = children.filter(({ setting }) => isRequired(setting)).map(({ name }) => name)
  return {
    type: section.options.off === undefined ? 'object' : ['object', 'boolean'],
    properties: Object.fromEntries(properties),
    additionalProperties: false,
    ...(required.length > 0 ? { required } : {}),
  }
}

function settingSchema(setting: Setting): JsonSchema {
  switch (setting.node) {
    case 'section':
      return sectionSchema(setting)
    case 'items':
      return { type: 'array', items: sectionSchema(setting.of) }
    case 'list':
      return { type: 'array', items: setting.of.json }
    case 'field':
      return { ...setting.json, ...initialOf(setting) }
    default:
      return unreachable(setting)
  }
}

function initialOf(field: Field<unknown>): JsonSchema {
  return defaultText(field) === undefined ? {} : { default: field.format(field.initial) }
}

function remarks({ options }: Setting): JsonSchema {
  return {
    ...(options.help === undefined ? {} : { description: options.help }),
    ...(options.deprecated === undefined ? {} : { deprecated: true }),
  }
}

/** Flags and variables may fill in the rest of a file, but not the items of a list. */
function isRequired(setting: Setting): boolean {
  return (
    setting.node === 'field' &&
    setting.options.required === true &&
    setting.isEmpty(setting.initial)
  )
}
