import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'

/**
 * Style as a test: what a reviewer would otherwise have to say (CONTRIBUTING.md). Each check lists
 * the offending places, so a failure reads like a review.
 */

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '' && existsSync(path))

const typescript = files.filter((path) => path.endsWith('.ts'))
const sources = new Map(typescript.map((path) => [path, readFileSync(path, 'utf8')]))

const isTest = (path: string) => path.startsWith('test/') || path.endsWith('.test.ts')

/** Every line of every TypeScript file but this one, as `path:line text`. */
function* lines(): Generator<{ path: string; place: string; text: string }> {
  for (const [path, source] of sources) {
    if (path === 'test/tidy.test.ts') continue
    const rows = source.split('\n')
    for (const [index, text] of rows.entries()) yield { path, place: `${path}:${index + 1}`, text }
  }
}

function placesOf(pattern: RegExp, only: (path: string) => boolean = () => true): string[] {
  return [...lines()]
    .filter(({ path, text }) => only(path) && pattern.test(text))
    .map(({ place, text }) => `${place} ${text.trim()}`)
}

test('files stay short enough to hold in the head', () => {
  const long = [...sources].flatMap(([path, source]) => {
    const count = source.split('\n').length - 1
    const max = isTest(path) ? 800 : 400
    return count > max ? [`${path} has ${count} lines, ${max} are allowed`] : []
  })
  expect(long).toEqual([])
})

test('lines fit in 100 columns', () => {
  expect(placesOf(/^.{101,}$/)).toEqual([])
})

test('file names are kebab-case and name a concept', () => {
  const vague = /^(utils?|helpers?|common|misc|types|constants|shared)\b/
  const bad = typescript.filter((path) => {
    const name = basename(path)
    return !/^[a-z0-9]+(-[a-z0-9]+)*(\.(test|config|bench|d))?\.ts$/.test(name) || vague.test(name)
  })
  expect(bad).toEqual([])
})

test('every source file is reached from the program or a test', () => {
  const reached = new Set(['src/main.ts', 'src/client/index.ts'])
  for (const [path, source] of sources) {
    for (const match of source.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)) {
      reached.add(normalize(join(dirname(path), match[1] as string)))
    }
  }
  const dead = typescript.filter((path) => path.startsWith('src/') && !isTest(path))
  expect(dead.filter((path) => !reached.has(path))).toEqual([])
})

const BANNED: readonly (readonly [RegExp, string])[] = [
  [/\b(TODO|FIXME|XXX|HACK)\b/, 'open an issue instead'],
  [/\bfor now\b/i, 'build the real thing'],
  [/@ts-(ignore|nocheck)/, 'mend the type'],
  [/(eslint|oxlint)-disable(?!-next-line .* -- \S)/, 'disable one line, and say why behind --'],
  [/\bas any\b/, 'name the type'],
  [/^\s*(export )?(const )?enum\b/, 'use a union or `as const`'],
  [/\b(class|interface) \w+Impl\b/, 'name what it does'],
  [/\binterface I[A-Z]\w+/, 'no I-prefix'],
]

test.each(BANNED)('%s is not written: %s', (pattern) => {
  expect(placesOf(pattern)).toEqual([])
})

test('tests wait for events, never for time to pass', () => {
  expect(placesOf(/\bsleep\(|setTimeout\(|timers\/promises|\.(skip|only|todo)\(/, isTest)).toEqual(
    [],
  )
})

test("no path of somebody's machine is written down", () => {
  const text = files.filter((path) => !path.startsWith('test/tidy') && !/\.(png|ico)$/.test(path))
  const found = text.filter((path) => /\/(home|root|Users)\/\w/.test(readFileSync(path, 'utf8')))
  expect(found).toEqual([])
})
