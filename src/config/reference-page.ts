import { childrenOf, type Leaf, leavesOf, type Section } from './section.ts'
import { defaultText } from './value-text.ts'

/** Writes the reference of all settings below `root` as a Markdown page. */
export function referencePage(root: Section, title: string): string {
  const leaves = [...leavesOf(root)]
  const general = leaves.filter(({ path }) => path.length === 1)
  const parts = [`# ${title}`, ...chapter(undefined, undefined, general)]
  for (const { name, setting } of childrenOf(root)) {
    if (setting.node !== 'section') continue
    const members = leaves.filter(({ path }) => path.length > 1 && path[0] === name)
    parts.push(...chapter(name, setting.options.help, members))
  }
  return `${parts.join('\n\n')}\n`
}

function chapter(
  name: string | undefined,
  help: string | undefined,
  leaves: readonly Leaf[],
): string[] {
  if (leaves.length === 0) return []
  const head = name === undefined ? [] : [`## \`${name}\``]
  return [...head, ...(help === undefined ? [] : [help]), table(leaves), ...itemChapters(leaves)]
}

/** Lists of sections have a table of their own, for what an item may hold. */
function itemChapters(leaves: readonly Leaf[]): string[] {
  return leaves.flatMap(({ path, setting }) => {
    if (setting.node !== 'items') return []
    const members = [...leavesOf(setting.of, { yamlOnly: true })]
    const head = `### An item of \`${path.join('.')}\``
    return [head, table(members), ...itemChapters(members)]
  })
}

function table(leaves: readonly Leaf[]): string {
  const rows = leaves.map((leaf) => {
    const { path, flag, setting } = leaf
    const initial = defaultText(setting)
    return row([
      code(path.join('.')),
      flag === undefined ? '' : code(`--${flag}`),
      typeOf(setting),
      initial === undefined ? '' : code(initial),
      description(leaf),
    ])
  })
  return [
    row(['YAML', 'Flag', 'Type', 'Default', 'Meaning']),
    row(Array(5).fill('---')),
    ...rows,
  ].join('\n')
}

function typeOf(setting: Leaf['setting']): string {
  if (setting.node === 'items') return 'list of sections'
  if (setting.node === 'list') return `list of ${setting.of.type}`
  const { choices, type, options } = setting
  if (options.unit !== undefined) return `${type} (${options.unit})`
  return choices?.map(code).join(', ') ?? type
}

function description({ setting, reload }: Leaf): string {
  const { help, required, deprecated, aliases = [] } = setting.options
  const remarks = [
    ...(required === true ? ['Required.'] : []),
    ...(reload ? ['Reloads.'] : []),
    ...(deprecated === undefined ? [] : [`Deprecated: ${deprecated}.`]),
    ...(aliases.length === 0 ? [] : [`Also read as ${aliases.map(code).join(', ')}.`]),
  ]
  return [help, ...remarks].join(' ')
}

function code(text: string): string {
  return `\`${text}\``
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`
}
