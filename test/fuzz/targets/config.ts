import { Buffer } from 'node:buffer'
import { ok } from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { agentConfig } from '../../../src/agent/config.ts'
import { formatProblems } from '../../../src/config/format-problems.ts'
import { loadConfig } from '../../../src/config/load-config.ts'
import { ConfigError } from '../../../src/config/problem.ts'
import { leavesOf } from '../../../src/config/section.ts'
import type { Leaf, Section } from '../../../src/config/section.ts'
import { serverConfig } from '../../../src/server/config.ts'
import { damaged, mostly } from '../damage.ts'
import { fuzzTarget } from '../fuzz-target.ts'

const ROOTS: readonly Section[] = [serverConfig, agentConfig]

/** A message about mistakes is for somebody to read. */
const MESSAGE_CHARACTERS_MAX = 200_000

const scalar = fc.oneof(
  fc.constantFrom(':8000', '1m', '-1', '0', 'true', '~', '1MiB', '9e99', '"x', "'", '|', '>-'),
  fc.constantFrom('*a', '&a x', '!!binary x', '[a, b]', '{a: b}', '${HOME}', '${X:y}', '%', '- x'),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
)

/** Documents of real settings, with values that may be right. */
const documents = fc.nat(ROOTS.length - 1).chain((root) => {
  const leaves = [...leavesOf(ROOTS[root] as Section)]
  const line = fc
    .constantFrom(...leaves)
    .chain(({ path, setting }) => fc.tuple(fc.constant(path), mostly(rightText(setting), scalar)))
  return fc.array(line, { maxLength: 12 }).map((lines) => ({ root, yaml: asYaml(lines) }))
})

/** What a file that is right may say there. */
function rightText(setting: Leaf['setting']): fc.Arbitrary<string> {
  if (setting.node === 'items') return fc.constant('[]')
  if (setting.node === 'list') return fc.constantFrom('[]', '[10.0.0.1]', 'a')
  const texts = [setting.format(setting.initial), ...(setting.choices ?? [])]
  return fc.constantFrom(...texts.map((text) => JSON.stringify(text)))
}

/** Nested keys, each of them once as long as nothing is damaged. */
function asYaml(lines: readonly (readonly [readonly string[], string])[]): string {
  const sorted = [...lines].sort(([left], [right]) => (left.join() < right.join() ? -1 : 1))
  let open: readonly string[] = []
  let yaml = ''
  for (const [path, text] of sorted) {
    let common = 0
    while (common < path.length - 1 && path[common] === open[common]) common += 1
    for (let depth = common; depth < path.length; depth++) {
      const isLeaf = depth === path.length - 1
      yaml += `${'  '.repeat(depth)}${path[depth]}:${isLeaf ? ` ${text}` : ''}\n`
    }
    open = path.slice(0, -1)
  }
  return yaml
}

const files = documents.chain(({ root, yaml }) =>
  fc.tuple(fc.constant(root), damaged(fc.constant(Uint8Array.from(Buffer.from(yaml))))),
)

/** Aliases that multiply, and collections in collections. */
const bombs = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 400 }))
  .map(([levels, depth]): [number, Uint8Array] => {
    const lines = Array.from({ length: levels }, (_, level) => {
      const above = level === 0 ? 'x' : `*a${level - 1}`
      return `k${level}: &a${level} [${Array.from({ length: 9 }, () => above).join(', ')}]`
    })
    const nest = '['.repeat(depth)
    return [0, Buffer.from(`${lines.join('\n')}\ncluster: {join: *a${levels - 1}}\nn: ${nest}`)]
  })

/** Any file is a configuration, or a list of mistakes that can be shown. */
export const configFile = fuzzTarget(
  'config-file',
  fc.oneof({ weight: 9, arbitrary: files }, { weight: 1, arbitrary: bombs }),
  ([root, bytes]) => {
    const folder = mkdtempSync(join(tmpdir(), 'piko-fuzz-'))
    try {
      const file = join(folder, 'piko.yaml')
      writeFileSync(file, bytes)
      const env = { HOME: 'a: b', X: '[' }
      for (const expandEnv of [false, true]) {
        explained(() => loadConfig(ROOTS[root] as Section, { file, env, expandEnv }))
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
)

const flagNames = ROOTS.flatMap((root) => [...leavesOf(root)].flatMap(({ flag }) => flag ?? []))
const flag = fc
  .tuple(fc.constantFrom('--', '--', '--', '-', '--no-'), fc.constantFrom(...flagNames), fc.nat(9))
  .map(([dashes, text, cut]) => `${dashes}${cut === 0 ? text.slice(0, -1) : text}`)
const argument = fc.oneof(
  flag,
  fc.tuple(flag, scalar).map(([written, text]) => `${written}=${text}`),
  scalar,
)

/** Any command line is a configuration, or a list of mistakes that can be shown. */
export const configFlags = fuzzTarget(
  'config-flags',
  fc.tuple(fc.nat(ROOTS.length - 1), fc.array(argument, { maxLength: 12 })),
  ([root, argv]) => explained(() => loadConfig(ROOTS[root] as Section, { argv })),
)

function explained(load: () => unknown): void {
  try {
    load()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    ok(error.problems.length > 0)
    const message = formatProblems(error)
    ok(message.length > 0 && message.length < MESSAGE_CHARACTERS_MAX, 'a message can be read')
  }
}
