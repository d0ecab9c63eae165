import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { formatProblems } from './format-problems.ts'
import { loadConfig } from './load-config.ts'
import { duration, flag } from './number-fields.ts'
import { ConfigError } from './problem.ts'
import { list, section } from './section.ts'
import { address, secret, text } from './text-fields.ts'

/** Files that are not the YAML that their authors meant, and the whole message about each. */

const help = 'Explained elsewhere.'

const server = section({
  cluster: section({ nodeId: text({ help }), join: list({ help }) }),
  proxy: section({
    bindAddr: address({ help, default: ':8000' }),
    timeoutMs: duration({ help, default: '30s' }),
    accessLog: section({ disable: flag({ help }) }),
    auth: section({ hmacSecretKey: secret({ help }) }),
  }),
  gracePeriodMs: duration({ help, default: '1m', required: true }),
})

const folder = mkdtempSync(join(tmpdir(), 'piko-yaml-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** The message about `yaml`, as a file called piko.yaml. */
function messageAbout(yaml: string | Uint8Array): string {
  const file = join(folder, 'piko.yaml')
  writeFileSync(file, yaml)
  try {
    loadConfig(server, { file })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return formatProblems(error).replaceAll(file, 'piko.yaml')
  }
  return 'nothing is wrong'
}

const transcript = `
## an empty file
=>
piko.yaml: the file is empty

## a file of comments
# proxy:
=>
piko.yaml: the file is empty

## a file that is null
~
=>
piko.yaml: the file is empty

## a list at the top
- proxy
- upstream
=>
piko.yaml:1:1: the file must be made of keys and values
    1 | ***
      | ^^^
  found: a list
  allowed: cluster, proxy, grace_period

## a text at the top
proxy
=>
piko.yaml:1:1: the file must be made of keys and values
    1 | ***
      | ^^^
  found: a single value
  allowed: cluster, proxy, grace_period

## a quote that is not closed
proxy:
  bind_addr: ":8000
=>
piko.yaml:2:14: the closing quote is missing
    2 |   bind_addr: ":8000
      |              ^

## text after a quote
cluster:
  node_id: 'it's'
=>
piko.yaml:2:16: text follows the end of a quoted value
    2 |   node_id: 'it's'
      |                ^^

## a key without a colon
proxy
  bind_addr: :8000
=>
piko.yaml:1:1: a colon is missing after the key
    1 | proxy
      | ^^^^^

## a last key without a colon
grace_period: 1m
proxy
=>
piko.yaml:2:1: a colon and a space are missing after the key
    2 | proxy
      | ^^^^^

## a colon in a plain value
cluster:
  node_id: a: b
=>
piko.yaml:2:12: a value with ": " in it must be written in quotes
    2 |   node_id: a: b
      |            ^

## uneven indentation
proxy:
   bind_addr: :8000
  timeout: 30s
=>
piko.yaml:3:1: this key is indented differently from its neighbours
    3 |   timeout: 30s
      | ^

## a reserved first character
cluster:
  node_id: @home
=>
piko.yaml:2:12: a value that starts with this character needs quotes
    2 |   node_id: @home
      |            ^

## a list that is not closed
cluster:
  join: [a, b
=>
piko.yaml:2:9: the closing } or ] is missing
    2 |   join: [a, b
      |         ^

## a mapping that is not closed
proxy: {timeout: 30s
grace_period: 1m
=>
piko.yaml:1:8: the closing } or ] is missing
    1 | proxy: {timeout: 30s
      |        ^

## two documents
grace_period: 1m
---
grace_period: 2m
=>
piko.yaml:2:1: the file holds more than one YAML document
    2 | ---
      | ^

## a duplicate key
grace_period: 1m
proxy:
grace_period: 2m
=>
piko.yaml:3:1: key "grace_period" is written twice
    3 | grace_period: 2m
      | ^^^^^^^^^^^^

## a duplicate secret
proxy:
  auth:
    hmac_secret_key: one
    hmac_secret_key: two
=>
piko.yaml:4:5: key "hmac_secret_key" is written twice
    4 |     hmac_secret_key: ***
      |     ^^^^^^^^^^^^^^^

## a syntax error beside a secret
proxy:
  auth:
    hmac_secret_key: "hunter2
=>
piko.yaml:3:22: the closing quote is missing
    3 |     hmac_secret_key: ***
      |                      ^

## an alias without an anchor
proxy:
  timeout: *slow
=>
piko.yaml:2:12: alias *slow has no anchor &slow before it
    2 |   timeout: *slow
      |            ^^^^^

## an anchor that contains itself
proxy: &loop
  access_log: *loop
=>
piko.yaml:2:15: alias *loop contains itself
    2 |   access_log: *loop
      |               ^^^^^

## a merge of something else
proxy:
  <<: 30s
=>
piko.yaml:2:3: << must name a section, as in <<: *name
    2 |   <<: 30s
      |   ^^

## a tag
proxy:
  timeout: !seconds 30
=>
piko.yaml:2:21: tag !seconds has no meaning here
    2 |   timeout: !seconds 30
      |                     ^^

piko.yaml:2:21: proxy: timeout is not a duration
    2 |   timeout: !seconds 30
      |                     ^^
  allowed: a duration, such as 100ms, 30s or 1m30s

## a key that is no name
proxy:
  ? [a, b]
  : c
=>
piko.yaml:2:5: a key must be a name
    2 |   ? [a, b]
      |     ^^^^^^

## an item of a list in other columns
cluster:
  join:
    - a
   - b
=>
piko.yaml:4:1: this item is indented differently from its neighbours
    4 |    - b
      | ^

## a quote that is not closed further up
cluster:
  node_id: "a
proxy:
  bind_addr: :8000
=>
piko.yaml:2:12: the closing quote is missing
    2 |   node_id: "a
      |            ^
`

/** Splits the transcript at its titles: what is written, `=>`, what is read. */
const cases = transcript
  .split(/^## /m)
  .slice(1)
  .map((part) => {
    const [, title = '', yaml = '', message = ''] =
      /^(.*)\n([\s\S]*?)=>\n([\s\S]*)$/.exec(part) ?? []
    return { title, yaml, message: message.trimEnd() }
  })

test.each(cases)('$title', ({ yaml, message }) => {
  expect(messageAbout(yaml)).toBe(message)
})

test('a tab as indentation', () => {
  expect(messageAbout('proxy:\n\tbind_addr: :8000\n')).toBe(
    [
      'piko.yaml:2:1: a tab is used as indentation; YAML takes spaces only',
      '    2 |  bind_addr: :8000',
      '      | ^',
    ].join('\n'),
  )
})

test('a variable in a flow list', () => {
  expect(messageAbout('cluster:\n  join: [${PEER}, b]\n')).toBe(
    [
      'piko.yaml:2:11: a ${VARIABLE} inside [ ] or { } must be written in quotes',
      '    2 |   join: [${PEER}, b]',
      '      |           ^',
    ].join('\n'),
  )
})

test.each(['[', '{a: ', '- ', '? '])('nesting beyond measure with %j', (opening) => {
  expect(messageAbout(opening.repeat(2_000))).toContain('nested more than 50 levels deep')
})

test('an alias bomb', () => {
  const levels = Array.from('bcdefgh').map((name, index) => {
    const aliases = Array<string>(10).fill(`*${'abcdefg'[index]}`)
    return `${name}: &${name} [${aliases.join(', ')}]`
  })
  expect(messageAbout(`a: &a [x, x, x, x, x, x, x, x, x, x]\n${levels.join('\n')}\n`)).toBe(
    'piko.yaml: the file holds more than 20000 values once its aliases are expanded',
  )
})

test('bytes that are not UTF-8, or not text', () => {
  expect(messageAbout(Uint8Array.of(0x61, 0x3a, 0x20, 0xff))).toBe(
    'piko.yaml: the file is not UTF-8 text',
  )
  expect(messageAbout('a: b\0c')).toBe('piko.yaml: the file is not a text file')
})

test('a file of more than a megabyte', () => {
  expect(messageAbout('# x\n'.repeat(300_000))).toBe('piko.yaml: the file is larger than 1 MiB')
})

test('a file that is not there, or a directory', () => {
  const messageOf = (file: string) => {
    try {
      return loadConfig(server, { file })
    } catch (error) {
      return error instanceof ConfigError ? formatProblems(error) : error
    }
  }
  expect(messageOf('missing.yaml')).toBe(
    'missing.yaml: the file cannot be read: there is no such file',
  )
  expect(messageOf(folder)).toBe(`${folder}: the file cannot be read: it is a directory`)
})

test('no message shows a secret', () => {
  expect(cases.filter(({ message }) => message.includes('hunter2'))).toEqual([])
})
