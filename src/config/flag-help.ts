import { flagName, spokenName } from './names.ts'
import { childrenOf, type Leaf, leavesOf, type Section } from './section.ts'
import { defaultText, placeholder } from './value-text.ts'
import { wrapped } from './wrap.ts'

/** A flag that is longer than this has its explanation on the next line. */
const FLAG_COLUMNS = 40

/**
 * Explains every flag below `root`, in groups by top-level section:
 *
 *     Proxy: Port that clients connect to.
 *       --proxy.bind-addr <address>             Address to listen on. (default :8000)
 *
 * Settings that belong to no section stand first, under the title `general`.
 */
export function flagHelp(root: Section, general = 'General'): string {
  const leaves = [...leavesOf(root)].filter(
    ({ setting }) => setting.options.deprecated === undefined,
  )
  const groups = [
    group(
      general,
      leaves.filter(({ path }) => path.length === 1),
    ),
  ]
  for (const { name, setting } of childrenOf(root)) {
    const members = leaves.filter(({ path }) => path.length > 1 && path[0] === name)
    const help = setting.options.help
    groups.push(group(help === undefined ? titled(name) : `${titled(name)}: ${help}`, members))
  }
  return groups.filter((text) => text !== '').join('\n\n')
}

function group(title: string, leaves: readonly Leaf[]): string {
  const lines = leaves.flatMap((leaf) => explained(leaf))
  return lines.length === 0 ? '' : [...wrapped('', title), ...lines].join('\n')
}

function explained({ flag, setting }: Leaf, shorten = (help: string) => help): string[] {
  if (flag === undefined) return []
  const usage = `  --${flag} ${placeholder(setting)}`.trimEnd()
  const text = `${shorten(setting.options.help)}${remark(setting)}`
  if (usage.length <= FLAG_COLUMNS) return wrapped(`${usage.padEnd(FLAG_COLUMNS)}  `, text)
  return [usage, ...wrapped(' '.repeat(FLAG_COLUMNS + 2), text)]
}

function remark(setting: Leaf['setting']): string {
  if (setting.options.required === true && defaultText(setting) === undefined) return ' (required)'
  const initial = defaultText(setting)
  return initial === undefined ? '' : ` (default ${initial})`
}

function titled(name: string): string {
  const spoken = spokenName(name)
  return `${spoken.charAt(0).toUpperCase()}${spoken.slice(1)}`
}

/**
 * Explains the flags of `roots` that most people need, a line each, and names the rest by their
 * groups:
 *
 *     --proxy.bind-addr <address>     Address that clients connect to. (default :8000)
 *
 *     More, which --help-all explains: --proxy.* --log.*
 */
export function basicFlagHelp(roots: readonly Section[]): string {
  const leaves = roots
    .flatMap((root) => [...leavesOf(root)])
    .filter(({ flag, setting }) => flag !== undefined && setting.options.deprecated === undefined)
  const basic = leaves.filter(({ setting }) => setting.options.basic === true)
  const rest = leaves.filter((leaf) => !basic.includes(leaf))
  const groups = new Set(
    rest.map(({ path, flag }) =>
      path.length > 1 ? `--${flagName(path.slice(0, 1))}.*` : `--${flag ?? ''}`,
    ),
  )
  const lines = basic.flatMap((leaf) => explained(leaf, firstSentence))
  const more = wrapped('More, which --help-all explains: ', [...groups].join(' '))
  return ['Flags:', ...lines, '', ...more].join('\n')
}

function firstSentence(help: string): string {
  return /^.*?[.](?= |$)/.exec(help)?.[0] ?? help
}
