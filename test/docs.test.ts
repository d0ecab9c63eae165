import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { referenceFiles } from '../docs/reference-files.ts'
import { agentConfig, agentHttpConfig, agentTcpConfig } from '../src/agent/config.ts'
import { forwardConfig, forwardTcpConfig } from '../src/forward/config.ts'
import { parseFlags } from '../src/config/flags.ts'
import { configFlags, loadConfig } from '../src/config/load-config.ts'
import { leavesOf } from '../src/config/section.ts'
import type { Section } from '../src/config/section.ts'
import { COMMANDS } from '../src/cli/commands.ts'
import { statusConfig } from '../src/cli/status-config.ts'
import { serverConfig } from '../src/server/config.ts'

/** What the documents promise, held against the program. */

function tracked(pattern: string): string[] {
  const output = execFileSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', pattern],
    { encoding: 'utf8' },
  )
  return output.split('\n').filter((path) => path !== '' && existsSync(path))
}

const pages = new Map(tracked('*.md').map((path) => [path, readFileSync(path, 'utf8')]))
const sources = tracked('src/**/*.ts').filter((path) => !path.endsWith('.test.ts'))

/** The sections that a command's flags come from, by how the command line begins. */
const CONFIGURED: readonly (readonly [string, Section])[] = [
  ['piko server', serverConfig],
  ['piko agent start', agentConfig],
  ['piko agent http', agentHttpConfig],
  ['piko status cluster nodes', statusConfig],
  ['piko agent tcp', agentTcpConfig],
  ['piko forward start', forwardConfig],
  ['piko forward tcp', forwardTcpConfig],
]

/** Commands that no file configures. */
const PLAIN = COMMANDS.filter(({ sections }) => !sections.includes(configFlags))

const allFlags = new Set(
  [configFlags, ...COMMANDS.flatMap(({ sections }) => sections)].flatMap((root) =>
    [...leavesOf(root)].flatMap(({ flag }) => (flag === undefined ? [] : [`--${flag}`])),
  ),
)

function codeBlocks(page: string, language: string): string[] {
  return Array.from(page.matchAll(/^```(\w*)\n([^]*?)^```$/gm))
    .filter(([, tag]) => tag === language)
    .map(([, , text = '']) => text)
}

/** Headings as the anchors that links name them by. */
function anchors(page: string): Set<string> {
  const headings = Array.from(page.matchAll(/^#+ (.*)$/gm), ([, heading = '']) => heading)
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  )
}

test.each([...referenceFiles()])('docs/reference/%s is what npm run docs writes', (name, text) => {
  expect(readFileSync(join('docs/reference', name), 'utf8')).toBe(text)
})

test('links between the documents lead somewhere', () => {
  const broken = [...pages].flatMap(([path, page]) =>
    Array.from(page.matchAll(/\]\(([^)\s]+)\)/g), ([, target = '']) => target)
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => {
        const [file = '', anchor] = target.split('#')
        const linked = file === '' ? path : join(dirname(path), file)
        if (!existsSync(linked)) return true
        return anchor !== undefined && !anchors(readFileSync(linked, 'utf8')).has(anchor)
      })
      .map((target) => `${path}: ${target}`),
  )
  expect(broken).toEqual([])
})

test('commands in the documents are commands, and their flags exist', () => {
  const wrong = [...pages].flatMap(([path, page]) =>
    codeBlocks(page, 'sh')
      .join('\n')
      .split('\n')
      .map((line) => line.replace(/^bin\//, '').replace(/ +#.*$/, ''))
      .filter((line) => line.startsWith('piko ') && !/^piko --(help|version)$/.test(line))
      .flatMap((line) => {
        if (PLAIN.some(({ words: plain }) => line.startsWith(`piko ${plain.join(' ')} `))) return []
        const [words, root] = CONFIGURED.find(([start]) => line.startsWith(start)) ?? []
        if (words === undefined || root === undefined) return [`${path}: ${line}`]
        const argv = line.slice(words.length).trim().split(/\s+/)
        const { problems } = parseFlags([root, configFlags], argv)
        return problems.map(({ text }) => `${path}: ${line}: ${text}`)
      }),
  )
  expect(wrong).toEqual([])
})

test('flags that the documents name exist', () => {
  const own = ['README.md', 'SECURITY.md', ...tracked('docs/*.md')]
  const unknown = own.flatMap((path) => {
    const named = (pages.get(path) ?? '').matchAll(/`(--[a-z][a-z.-]*[a-z])[` =]/g)
    return Array.from(named, ([, flag = '']) => flag.replace(/^--no-(?=\w)/, '--'))
      .filter((flag) => !/^--(help|help-all|no)$/.test(flag) && !allFlags.has(flag))
      .map((flag) => `${path}: ${flag}`)
  })
  // Programs that measure and simulate have flags of their own.
  expect(unknown.filter((place) => !/benchmarks|simulat/.test(place))).toEqual([])
})

test('configuration files in the documents are valid', () => {
  const folder = mkdtempSync(join(tmpdir(), 'piko-docs-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const files = [...pages.values()].flatMap((page) => codeBlocks(page, 'yaml'))
  for (const text of files) {
    const [, root] = CONFIGURED.find(([start]) => text.startsWith(`# ${start}\n`)) ?? []
    expect(root, `the first line of a file names its command:\n${text}`).toBeDefined()
    const file = join(folder, 'piko.yaml')
    writeFileSync(file, text)
    expect(() => loadConfig(root as Section, { file, expandEnv: true, env: {} })).not.toThrow()
  }
  expect(files.length).toBeGreaterThan(1)
})

test('metrics.md names every metric that there is, and no other', () => {
  const code = sources.map((path) => readFileSync(path, 'utf8')).join('\n')
  const carried = ['request', 'connection'].flatMap((what) => {
    const family = readFileSync(`src/metrics/${what}-metrics.ts`, 'utf8')
    const suffixes = Array.from(family.matchAll(/`\$\{prefix\}(_\w+)`/g), ([, name = '']) => name)
    const made = new RegExp(`new ${what}Metrics\\(\\s*[\\w.]+,\\s*'(\\w+)'`, 'gi')
    const prefixes = Array.from(code.matchAll(made), ([, prefix = '']) => prefix)
    return prefixes.flatMap((prefix) => suffixes.map((suffix) => `${prefix}${suffix}`))
  })
  const registered = /\.(?:counter|counterOf|counterFamily|gauge|gaugeFamily|histogramFamily)\(/
  const names = Array.from(
    code.matchAll(new RegExp(`${registered.source}\\s*'(piko_\\w+)'`, 'g')),
    ([, name = '']) => name,
  )
  const page = pages.get('docs/reference/metrics.md') ?? ''
  const documented = Array.from(page.matchAll(/^\| `(piko_\w+)` \|/gm), ([, name = '']) => name)
  expect(documented.toSorted()).toEqual([...names, ...carried].toSorted())
  expect(carried.length).toBe(18)
})

test('the README fits on a few screens, and every page of the root exists', () => {
  expect((pages.get('README.md') ?? '').split('\n').length).toBeLessThanOrEqual(150)
  for (const path of ['ARCHITECTURE.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md']) {
    expect(pages.has(path)).toBe(true)
  }
  expect(statSync('LICENSE').size).toBeGreaterThan(1_000)
})
