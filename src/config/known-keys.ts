import { nearest } from './nearest.ts'
import { type Child, childrenOf, leavesOf, type Section } from './section.ts'

/** Finds the setting that a key in the file means; earlier names count as well. */
export class KnownKeys {
  readonly children: readonly Child[]
  private readonly byName = new Map<string, Child>()

  constructor(section: Section) {
    this.children = childrenOf(section)
    for (const child of this.children) {
      for (const name of [child.name, ...(child.setting.options.aliases ?? [])]) {
        this.byName.set(name, child)
      }
    }
  }

  get names(): readonly string[] {
    return this.children.map(({ name }) => name)
  }

  find(name: string): Child | undefined {
    return this.byName.get(name)
  }

  /** The key that was meant: a similar one here, or the same one in a single other section. */
  suggestion(name: string, root: Section): string | undefined {
    const here = nearest(name, this.names)
    if (here !== undefined) return here
    const elsewhere = [...leavesOf(root)].filter(({ path }) => path.at(-1) === name)
    return elsewhere.length === 1 ? elsewhere[0]?.path.join('.') : undefined
  }
}

/** The YAML names of every secret below `root`: lines that hold them are shown masked. */
export function secretNames(root: Section): string[] {
  return childrenOf(root).flatMap(({ name, setting }) => {
    if (setting.node === 'section') return secretNames(setting)
    if (setting.node === 'items') return secretNames(setting.of)
    const field = setting.node === 'list' ? setting.of : setting
    return field.secret === true ? [name].concat(setting.options.aliases ?? []) : []
  })
}

export function holdsSecrets(section: Section): boolean {
  return secretNames(section).length > 0
}
