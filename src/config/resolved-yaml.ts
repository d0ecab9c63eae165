import { Scalar, stringify } from 'yaml'
import { unreachable } from '../std/assert.ts'
import { childrenOf, type ConfigOf, type Section, type Setting } from './section.ts'

/** Writes a whole configuration as YAML that loads again, with its defaults; secrets masked. */
export function resolvedYaml<Root extends Section>(root: Root, config: ConfigOf<Root>): string {
  return stringify(sectionOf(root, config), { lineWidth: 0 })
}

/** The shapes of `value` are those that the sections describe: it was loaded with them. */
function sectionOf(section: Section, config: unknown): object {
  const values = config as Readonly<Record<string, unknown>>
  return Object.fromEntries(
    childrenOf(section)
      .filter(({ key }) => !standsInFile(section, values, key))
      .map(({ key, name, setting }) => [name, plain(setting, values[key])]),
  )
}

/** What a file holds (`orFile`) is left to it: only one of the two can be set. */
function standsInFile(section: Section, values: Readonly<Record<string, unknown>>, key: string) {
  return Object.entries(section.fields).some(
    ([file, setting]) =>
      setting.node === 'field' && setting.contentOf === key && values[file] !== '',
  )
}

function plain(setting: Setting, value: unknown): unknown {
  switch (setting.node) {
    case 'section':
      return sectionOf(setting, value)
    case 'items':
      return (value as readonly unknown[]).map((item) => sectionOf(setting.of, item))
    case 'list':
      return (value as readonly unknown[]).map((item) => scalar(setting.of.format(item)))
    case 'field':
      return scalar(setting.format(value))
    default:
      return unreachable(setting)
  }
}

/** Block scalars, fine for a PEM key, lose blanks at the edges of lines; quotes keep them. */
function scalar(value: string | number | boolean): unknown {
  if (typeof value !== 'string' || !/^[ \t]|[ \t]$/m.test(value)) return value
  const quoted = new Scalar(value)
  quoted.type = Scalar.QUOTE_DOUBLE
  return quoted
}
