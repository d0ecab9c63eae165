import { childrenOf, type Section, type Setting } from './section.ts'

/** A setting of a configuration with the value that it has there. */
export interface SettledValue {
  /** YAML names from the root. */
  readonly path: readonly string[]
  readonly setting: Exclude<Setting, Section>
  readonly value: unknown
  /** Whether the program takes a new value while it runs. */
  readonly reload: boolean
}

/** Every value of a configuration that was loaded with `root`. A list of sections is one value. */
export function* settledValues(
  root: Section,
  config: unknown,
  { path = [], reload = false }: { path?: readonly string[]; reload?: boolean } = {},
): Generator<SettledValue> {
  const values = config as Readonly<Record<string, unknown>>
  for (const { key, name, setting } of childrenOf(root)) {
    const here = { path: [...path, name], reload: reload || setting.options.reload === true }
    if (setting.node === 'section') yield* settledValues(setting, values[key], here)
    else yield { ...here, setting, value: values[key] }
  }
}

/** The paths of the files that settings name (`path`, `orFile`), those of items included. */
export function namedFiles(root: Section, config: unknown): string[] {
  return [...settledValues(root, config)].flatMap(({ setting, value }) => {
    if (setting.node === 'items') {
      return (value as readonly unknown[]).flatMap((item) => namedFiles(setting.of, item))
    }
    const { file = false } = setting.node === 'list' ? setting.of : setting
    const values = setting.node === 'list' ? (value as readonly unknown[]) : [value]
    return file ? values.filter((path) => typeof path === 'string' && path !== '').map(String) : []
  })
}
