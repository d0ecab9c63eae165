import fc from 'fast-check'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { loadConfig } from './load-config.ts'
import { bytes, duration, flag, integer, number } from './number-fields.ts'
import { resolvedYaml } from './resolved-yaml.ts'
import { SecretText } from './secret-text.ts'
import { type ConfigOf, items, list, section } from './section.ts'
import { address, choice, secret, text } from './text-fields.ts'

const help = 'Explained elsewhere.'

const root = section({
  name: text({ help, default: 'x' }),
  names: list({ help, default: ['a'] }),
  proxy: section({
    bindAddr: address({ help, default: ':8000' }),
    advertiseAddr: address({ help }),
    waitMs: duration({ help, default: '1m' }),
    window: bytes({ help, default: 1 }),
    count: integer({ help, default: 7 }),
    share: number({ help, default: 0.5 }),
    verbose: flag({ help, default: true }),
    level: choice(['info', 'warn'], { help }),
  }),
  tenants: items(section({ id: text({ help }), tags: list({ help }) }), { help }),
})

const folder = mkdtempSync(join(tmpdir(), 'piko-resolved-'))
afterAll(() => rmSync(folder, { recursive: true }))

function reloaded(yaml: string): ConfigOf<typeof root> {
  const file = join(folder, 'piko.yaml')
  writeFileSync(file, yaml)
  return loadConfig(root, { file })
}

/** Characters with a meaning in YAML, and others that a file can hold but not show. */
const awkward = Array.from('a1 :-?,[]{}#&*!|>\'"%@`~<=\\\n\t\r\u0007\u0085\u2028\ufeffé😀$')
const anyText = fc.oneof(
  fc.string({ unit: fc.constantFrom(...awkward) }),
  fc.constantFrom('null', '~', 'true', '007', '1e3', '- a', 'a: b', '# a', ' a ', 'a\n b\n', '"'),
)
const names = fc.array(anyText, { maxLength: 4 })
const someAddress = fc.record({
  host: fc.constantFrom('', 'localhost', '127.0.0.1', '::1', 'node-1.example.com'),
  port: fc.integer({ min: 0, max: 65_535 }),
})

const someConfig: fc.Arbitrary<ConfigOf<typeof root>> = fc.record({
  name: anyText,
  names,
  proxy: fc.record({
    bindAddr: someAddress,
    advertiseAddr: fc.option(someAddress, { nil: undefined }),
    waitMs: fc.oneof(
      fc.integer({ min: 0, max: 100_000_000 }),
      fc.integer({ min: 0, max: 10_000_000_000 }).map((ns) => ns / 1e6),
    ),
    window: fc.oneof(
      fc.maxSafeNat(),
      fc.nat(1_000_000).map((kib) => kib * 1_024),
    ),
    count: fc.maxSafeInteger(),
    share: fc.double({ noNaN: true, noDefaultInfinity: true }),
    verbose: fc.boolean(),
    level: fc.constantFrom('info', 'warn'),
  }),
  tenants: fc.array(fc.record({ id: anyText, tags: names }), { maxLength: 3 }),
})

test('what is written loads back equal', () => {
  fc.assert(
    fc.property(someConfig, (config) => {
      expect(reloaded(resolvedYaml(root, config))).toEqual(config)
    }),
    { numRuns: 150 },
  )
})

test.each([' \n', 'a \nb', '\n\ta', '-----BEGIN-----\nabc\n'])(
  'lines and blanks survive in %j',
  (name) => {
    const config = { ...loadConfig(root, {}), name }
    expect(reloaded(resolvedYaml(root, config)).name).toBe(name)
  },
)

test('every setting is written, in the words of the file', () => {
  expect(`\n${resolvedYaml(root, loadConfig(root, {}))}`).toBe(`
name: x
names:
  - a
proxy:
  bind_addr: :8000
  advertise_addr: ""
  wait: 1m
  window: 1
  count: 7
  share: 0.5
  verbose: true
  level: info
tenants: []
`)
})

test('secrets are masked', () => {
  const vault = section({ token: secret({ help }), other: secret({ help }) })
  const config = { token: new SecretText('hunter2'), other: new SecretText('') }
  expect(resolvedYaml(vault, config)).toBe('token: "***"\nother: ""\n')
})
