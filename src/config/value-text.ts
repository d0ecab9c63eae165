import type { Field } from './field.ts'
import type { Leaf, List } from './section.ts'

/** The default as the reference shows it; undefined when there is none. */
export function defaultText(setting: Leaf['setting']): string | undefined {
  if (setting.node === 'items') return undefined
  if (setting.node === 'list') return listText(setting)
  const { initial } = setting
  const plain = setting.isEmpty(initial) && !countsFromZero(setting)
  return plain ? undefined : String(setting.format(initial))
}

function listText({ of, initial }: List<unknown>): string | undefined {
  return initial.length === 0 ? undefined : initial.map((value) => of.format(value)).join(',')
}

/** The first of several words, and a number that may be left out, are defaults like any other. */
function countsFromZero({ type, options }: Field<unknown>): boolean {
  const counts = ['choice', 'duration', 'bytes', 'integer', 'number'].includes(type)
  return counts && options.required !== true
}

/** What stands for the value in help: `<duration>`, `<http|tcp>`, or nothing for a boolean. */
export function placeholder(setting: Leaf['setting']): string {
  if (setting.node === 'items') return '<items>'
  if (setting.node === 'list') return `${placeholder(setting.of)},...`
  if (setting.type === 'boolean') return ''
  return `<${setting.choices?.join('|') ?? setting.options.unit ?? setting.type}>`
}
