import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, expectTypeOf, test } from 'vitest'
import type { HostPort } from '../std/host-port.ts'
import { loadCommand, loadConfig } from './load-config.ts'
import { bytes, duration, flag, integer, number } from './number-fields.ts'
import { ConfigError, type ConfigProblem } from './problem.ts'
import type { SecretText } from './secret-text.ts'
import { type ConfigOf, items, list, section } from './section.ts'
import { address, choice, secret, text, url } from './text-fields.ts'

const help = 'Explained elsewhere.'

const root = section({
  cluster: section({
    nodeId: text({ help, aliases: ['id'] }),
    join: list({ help }),
    oldName: text({ help, deprecated: 'use node_id' }),
  }),
  proxy: section({
    bindAddr: address({ help, default: ':8000' }),
    advertiseAddr: address({ help }),
    timeoutMs: duration({ help, default: '30s' }),
    verbose: flag({ help }),
    level: choice(['info', 'warn'], { help }),
    windowBytes: bytes({ help, name: 'window', default: '256KiB' }),
    share: number({ help, default: 0.5 }),
    count: integer({ help }),
    url: url({ help }),
    token: secret({ help }),
  }),
  tenants: items(section({ id: text({ help, required: true }), token: secret({ help }) }), {
    help,
  }),
})

const folder = mkdtempSync(join(tmpdir(), 'piko-load-'))
afterAll(() => rmSync(folder, { recursive: true }))

function fileOf(yaml: string): string {
  const file = join(folder, 'piko.yaml')
  writeFileSync(file, yaml)
  return file
}

function load(yaml: string, argv: string[] = [], env?: Record<string, string>) {
  const sources = { file: fileOf(yaml), argv, env: env ?? {}, expandEnv: env !== undefined }
  return loadConfig(root, sources)
}

function problemsOf(run: () => unknown): readonly ConfigProblem[] {
  try {
    run()
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

test('the types of a configuration follow from its sections', () => {
  type Config = ConfigOf<typeof root>
  expectTypeOf<Config['proxy']['bindAddr']>().toEqualTypeOf<HostPort>()
  expectTypeOf<Config['proxy']['advertiseAddr']>().toEqualTypeOf<HostPort | undefined>()
  expectTypeOf<Config['proxy']['timeoutMs']>().toEqualTypeOf<number>()
  expectTypeOf<Config['proxy']['level']>().toEqualTypeOf<'info' | 'warn'>()
  expectTypeOf<Config['cluster']['join']>().toEqualTypeOf<readonly string[]>()
  expectTypeOf<Config['tenants'][number]['token']>().toEqualTypeOf<SecretText>()
})

test('without sources everything has its default', () => {
  const { proxy, cluster, tenants } = loadConfig(root, {})
  expect(proxy).toMatchObject({
    bindAddr: { host: '', port: 8000 },
    advertiseAddr: undefined,
    timeoutMs: 30_000,
    verbose: false,
    level: 'info',
    windowBytes: 262_144,
    share: 0.5,
    count: 0,
    url: '',
  })
  expect(proxy.token.isSet).toBe(false)
  expect([cluster.join, tenants]).toEqual([[], []])
})

test('the file wins over defaults, and flags win over the file', () => {
  const yaml = 'proxy: {timeout: 5s, bind_addr: ":1", count: 1}\ncluster: {join: [a]}\n'
  const config = load(yaml, ['--proxy.count=2', '--proxy.count', '3', '--cluster.join=b,c'])
  expect(config.proxy).toMatchObject({ timeoutMs: 5_000, count: 3, verbose: false })
  expect(config.proxy.bindAddr).toEqual({ host: '', port: 1 })
  expect(config.cluster.join).toEqual(['b', 'c'])
})

test('scalars are read as their field needs them, however YAML would type them', () => {
  const config = load(
    [
      'cluster: {node_id: 0123, join: "a, b"}',
      'proxy: {count: "1_000", verbose: yes, level: WARN, window: 1.5 MiB, share: 1e-2, token: 12}',
    ].join('\n'),
  )
  expect(config.cluster).toMatchObject({ nodeId: '0123', join: ['a', 'b'] })
  expect(config.proxy).toMatchObject({ count: 1000, verbose: true, level: 'warn', share: 0.01 })
  expect(config.proxy.windowBytes).toBe(1_572_864)
  expect(config.proxy.token.reveal()).toBe('12')
})

test('a key without a value keeps its default', () => {
  const { proxy, cluster } = load('proxy:\n  timeout:\n  count: ~\ncluster:\ntenants: null\n')
  expect(proxy).toMatchObject({ timeoutMs: 30_000, count: 0 })
  expect(cluster.join).toEqual([])
})

test('an empty mapping is a configuration', () => {
  expect(load('{}').proxy.timeoutMs).toBe(30_000)
})

test('anchors, aliases and merge keys are understood', () => {
  const yaml = [
    'cluster: {join: &seeds [a, b]}',
    'proxy: &proxy {timeout: 5s, count: 1}',
    'tenants:',
    '  - &first {id: one, token: x}',
    '  - {<<: *first, id: two}',
  ].join('\n')
  const { tenants } = load(yaml)
  expect(tenants.map(({ id, token }) => [id, token.reveal()])).toEqual([
    ['one', 'x'],
    ['two', 'x'],
  ])
})

test('an earlier name is read like the present one', () => {
  expect(load('cluster: {id: a}').cluster.nodeId).toBe('a')
})

test('variables are expanded in values, and only when that is asked for', () => {
  const yaml = [
    '# ${UNCLOSED is a comment',
    'cluster: {node_id: "$NAME", join: "$PEERS"}',
    'proxy: {count: "${COUNT}", token: "${TOKEN}", timeout: "${WAIT}", level: "${L:warn}"}',
  ].join('\n')
  const env = { NAME: 'a: b #', PEERS: 'x,y', COUNT: '7', TOKEN: 'pa$$w${ord', WAIT: '' }
  const { cluster, proxy } = load(yaml, ['--cluster.old-name=$NAME'], env)
  expect(cluster).toEqual({ nodeId: 'a: b #', join: ['x', 'y'], oldName: '$NAME' })
  expect(proxy).toMatchObject({ count: 7, timeoutMs: 30_000, level: 'warn' })
  expect(proxy.token.reveal()).toBe('pa$$w${ord')
  expect(load('cluster: {node_id: $NAME}').cluster.nodeId).toBe('$NAME')
})

test('problems of flags and file are reported together, flags first', () => {
  const problems = problemsOf(() =>
    load('proxy:\n  timeout: soon\n  colour: red\n', ['--proxy.count=x', '--oops', 'stray']),
  )
  expect(problems.map((one) => one.text)).toEqual([
    'unknown flag --oops',
    'unexpected argument "stray"',
    'proxy: count is not a whole number',
    'proxy: timeout is not a duration',
    'proxy: unknown key "colour"',
  ])
})

test('a problem has its place, its path, what was found and what is allowed', () => {
  const [problem] = problemsOf(() => load('proxy:\n  level: loud\n'))
  expect(problem).toMatchObject({
    file: join(folder, 'piko.yaml'),
    line: 2,
    column: 10,
    path: 'proxy.level',
    text: 'proxy: unsupported level: loud',
    found: '"loud"',
    allowed: 'info, warn',
  })
})

test('the message of the error is the first problem, in the words of the deployed Piko', () => {
  expect(() => load('tenants:\n  - token: a\nproxy:\n  level: ""\n')).toThrow(
    'config: tenants[0]: missing id (and 1 more)',
  )
})

test('a broken file does not hide the mistakes in flags', () => {
  const problems = problemsOf(() => load('proxy: [', ['--proxy.count=x']))
  expect(problems.map((one) => one.text)).toEqual([
    'the closing } or ] is missing',
    'proxy: count is not a whole number',
  ])
})

test('deprecated settings are read, with a warning', () => {
  const warnings: ConfigProblem[] = []
  const onWarning = (warning: ConfigProblem) => warnings.push(warning)
  const config = loadConfig(root, { file: fileOf('cluster: {old_name: a}'), onWarning })
  expect(config.cluster.oldName).toBe('a')
  expect(warnings).toMatchObject([
    { line: 1, column: 11, text: 'cluster: old name is deprecated: use node_id' },
  ])
})

test('a key of the prototype changes no object', () => {
  expect(problemsOf(() => load('__proto__: {polluted: true}\n'))).toHaveLength(1)
  expect({}).not.toHaveProperty('polluted')
})

test('a command has its own flags, positionals and the file that a flag names', () => {
  const own = section({ forward: text({ help }), verbose: flag({ help }) })
  const file = fileOf('cluster: {node_id: $NAME}')
  const argv = [
    'http',
    '--config.path',
    file,
    '--config.expand-env',
    '--verbose',
    'ep',
    '--forward=n1',
  ]
  const loaded = loadCommand({ root, own, argv, env: { NAME: 'n2' } })
  expect(loaded).toMatchObject({
    config: { cluster: { nodeId: 'n2' } },
    own: { forward: 'n1', verbose: true },
    positionals: ['http', 'ep'],
    file,
  })
})
