import { UsageError } from './usage-error.ts'

/**
 * Holds the arguments that were given against those that a command names: `<endpoint> <addr>`,
 * `[server|agent] <file>`. What is in one pair of brackets comes together or not at all. Throws a
 * UsageError that names what is missing or too much.
 */
export function checkArguments(
  { words, arguments: expected }: { words: readonly string[]; arguments: string },
  given: readonly string[],
): void {
  const groups = (expected.match(/\[[^\]]*\]|\S+/g) ?? []).map((group) => ({
    isOptional: group.startsWith('['),
    names: group.replaceAll(/[[\]]/g, '').split(' '),
  }))
  if (countsOf(groups).has(given.length)) return
  const names = groups.flatMap((group) => group.names)
  const required = groups.flatMap((group) => (group.isOptional ? [] : group.names))
  const missing = (given.length < required.length ? required : names)[given.length]
  const problem =
    missing === undefined
      ? `unexpected argument ${JSON.stringify(given[names.length])}`
      : `${missing} is missing`
  const usage = ['piko', ...words, expected, '[flags]'].filter((part) => part !== '').join(' ')
  throw new UsageError(`${problem}; usage: ${usage}`)
}

interface ArgumentGroup {
  readonly isOptional: boolean
  readonly names: readonly string[]
}

/** How many arguments there may be. */
function countsOf(groups: readonly ArgumentGroup[]): ReadonlySet<number> {
  let counts = new Set([0])
  for (const { isOptional, names } of groups) {
    const longer = [...counts].map((count) => count + names.length)
    counts = new Set(isOptional ? [...counts, ...longer] : longer)
  }
  return counts
}
