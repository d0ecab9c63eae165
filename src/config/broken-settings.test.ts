import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { formatProblems } from './format-problems.ts'
import { loadConfig } from './load-config.ts'
import { bytes, duration, flag, integer, number } from './number-fields.ts'
import { ConfigError } from './problem.ts'
import { items, list, section } from './section.ts'
import { address, choice, secret, text, url } from './text-fields.ts'

/**
 * What people write by mistake, and what they read then. A realistic configuration is broken in
 * every way that we could think of; each case has the whole message.
 */

const help = 'Explained elsewhere.'

const accessLog = section({
  level: choice(['debug', 'info', 'warn', 'error'], { help, default: 'info' }),
  disable: flag({ help }),
  requestHeaders: section(
    { allowList: list({ help }), blockList: list({ help }) },
    {
      *check({ allowList, blockList }) {
        if (allowList.length > 0 && blockList.length > 0) {
          yield 'cannot define both allow list and block list'
        }
      },
    },
  ),
})

const tls = section(
  { cert: text({ help }), key: text({ help }) },
  {
    *check({ cert, key }) {
      if (cert !== '' && key === '') yield { at: 'key', text: 'missing key' }
    },
  },
)

const server = section({
  cluster: section({
    nodeId: text({
      help,
      aliases: ['id'],
      check: (id) => (id.includes('/') ? 'node id cannot contain a slash' : undefined),
    }),
    join: list({ help }),
  }),
  proxy: section({
    bindAddr: address({ help, default: ':8000' }),
    timeoutMs: duration({ help, default: '30s' }),
    accessLog,
    auth: section({ hmacSecretKey: secret({ help }) }),
    tls,
  }),
  upstream: section({
    maxConnections: integer({ help, default: 100, min: 1 }),
    windowSizeBytes: bytes({ help, name: 'window_size', default: '256KiB', min: 16_384 }),
    rebalance: section({
      threshold: number({ help, min: 0 }),
      shedRate: number({ help, default: 0.005, min: 0, max: 1 }),
    }),
  }),
  connect: section({ url: url({ help, default: 'http://localhost:8001' }) }),
  tenants: items(section({ id: text({ help, required: true }), token: secret({ help }) }), {
    help,
  }),
  gracePeriodMs: duration({ help, default: '1m', required: true }),
})

const folder = mkdtempSync(join(tmpdir(), 'piko-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** The message about `yaml`, as a file called piko.yaml. */
function messageAbout(yaml: string, env?: Record<string, string>): string {
  const file = join(folder, 'piko.yaml')
  writeFileSync(file, yaml)
  try {
    loadConfig(server, { file, env: env ?? {}, expandEnv: env !== undefined })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return formatProblems(error).replaceAll(file, 'piko.yaml')
  }
  return 'nothing is wrong'
}

const transcript = `
## an unknown section
porxy:
  bind_addr: :8000
=>
piko.yaml:1:1: unknown key "porxy"
    1 | porxy: …
      | ^^^^^
  did you mean proxy?

## a mistyped key
proxy:
  bind_adr: :8000
=>
piko.yaml:2:3: proxy: unknown key "bind_adr"
    2 |   bind_adr: …
      |   ^^^^^^^^
  did you mean bind_addr?

## a key in kebab case
proxy:
  bind-addr: :8000
=>
piko.yaml:2:3: proxy: unknown key "bind-addr"
    2 |   bind-addr: …
      |   ^^^^^^^^^
  did you mean bind_addr?

## a key in camel case
proxy:
  accessLog:
    disable: true
=>
piko.yaml:2:3: proxy: unknown key "accessLog"
    2 |   accessLog: …
      |   ^^^^^^^^^
  did you mean access_log?

## a key that belongs elsewhere
max_connections: 10
=>
piko.yaml:1:1: unknown key "max_connections"
    1 | max_connections: …
      | ^^^^^^^^^^^^^^^
  did you mean upstream.max_connections?

## a key like nothing known
proxy:
  colour: blue
=>
piko.yaml:2:3: proxy: unknown key "colour"
    2 |   colour: …
      |   ^^^^^^
  allowed: bind_addr, timeout, access_log, auth, tls

## a mistyped secret
proxy:
  auth:
    hmac_secret_kye: hunter2
=>
piko.yaml:3:5: proxy: auth: unknown key "hmac_secret_kye"
    3 |     hmac_secret_kye: …
      |     ^^^^^^^^^^^^^^^
  did you mean hmac_secret_key?

## the prototype as a key
__proto__:
  polluted: true
=>
piko.yaml:1:1: unknown key "__proto__"
    1 | __proto__: …
      | ^^^^^^^^^
  allowed: cluster, proxy, upstream, connect, tenants, grace_period

## the constructor as a key
proxy:
  constructor: x
=>
piko.yaml:2:3: proxy: unknown key "constructor"
    2 |   constructor: …
      |   ^^^^^^^^^^^
  allowed: bind_addr, timeout, access_log, auth, tls

## a mistyped key in an item
tenants:
  - id: a
    tokn: b
=>
piko.yaml:3:5: tenants[0]: unknown key "tokn"
    3 |     tokn: …
      |     ^^^^
  did you mean token?

## an earlier name beside the present one
cluster:
  node_id: a
  id: b
=>
piko.yaml:3:3: cluster: node_id and id are two names of one setting
    3 |   id: …
      |   ^^

## a text for a section
proxy: :8000
=>
piko.yaml:1:8: proxy must be a section
    1 | proxy: ***
      |        ^^^
  found: a single value
  allowed: bind_addr, timeout, access_log, auth, tls

## a list for a section
proxy:
  - bind_addr: :8000
=>
piko.yaml:2:3: proxy must be a section
    2 |   ***
      |   ^^^
  found: a list
  allowed: bind_addr, timeout, access_log, auth, tls

## a text for a section with secrets
proxy:
  auth: hunter2
=>
piko.yaml:2:9: proxy: auth must be a section
    2 |   auth: ***
      |         ^^^
  found: a single value
  allowed: hmac_secret_key

## a list for a value
proxy:
  timeout: [30s]
=>
piko.yaml:2:12: proxy: timeout must be a single value
    2 |   timeout: [30s]
      |            ^^^^^
  found: a list
  allowed: a duration, such as 100ms, 30s or 1m30s

## a section for a value
proxy:
  bind_addr:
    host: a
=>
piko.yaml:3:5: proxy: bind addr must be a single value
    3 |     host: a
      |     ^^^^^^^
  found: a section
  allowed: host:port, as in 10.0.0.1:8000, or :port for every address of the host

## a list for a secret
proxy:
  auth:
    hmac_secret_key: [hunter2]
=>
piko.yaml:3:22: proxy: auth: hmac secret key must be a single value
    3 |     hmac_secret_key: ***
      |                      ^^^
  found: a list
  allowed: a text

## a section for a list
cluster:
  join:
    host: a
=>
piko.yaml:3:5: cluster: join must be a list
    3 |     host: a
      |     ^^^^^^^
  found: a section
  allowed: items that begin with "- "

## a list in a list
cluster:
  join:
    - [a, b]
=>
piko.yaml:3:7: cluster: join must be a list of single values
    3 |     - [a, b]
      |       ^^^^^^
  found: a list
  allowed: a text

## a section for items
tenants:
  id: a
=>
piko.yaml:2:3: tenants must be a list
    2 |   ***
      |   ^^^
  found: a section
  allowed: items that begin with "- "

## a text for an item
tenants:
  - a
=>
piko.yaml:2:5: tenants[0] must be a section
    2 |   - ***
      |     ^
  found: a single value
  allowed: id, token

## a duration without a unit
proxy:
  timeout: 30
=>
piko.yaml:2:12: proxy: timeout is not a duration
    2 |   timeout: 30
      |            ^^
  allowed: a duration, such as 100ms, 30s or 1m30s

## a duration in words
grace_period: one minute
=>
piko.yaml:1:15: grace period is not a duration
    1 | grace_period: one minute
      |               ^^^^^^^^^^
  allowed: a duration, such as 100ms, 30s or 1m30s

## a negative duration
proxy:
  timeout: -5s
=>
piko.yaml:2:12: proxy: timeout cannot be negative
    2 |   timeout: -5s
      |            ^^^
  allowed: a duration, such as 100ms, 30s or 1m30s

## a duration that no timer holds
proxy:
  timeout: 1000h
=>
piko.yaml:2:12: proxy: timeout cannot exceed 596h
    2 |   timeout: 1000h
      |            ^^^^^
  allowed: a duration, such as 100ms, 30s or 1m30s

## an empty duration that is required
grace_period: 0s
=>
piko.yaml:1:15: missing grace period
    1 | grace_period: 0s
      |               ^^
  allowed: a duration, such as 100ms, 30s or 1m30s

## an address without a port
proxy:
  bind_addr: localhost
=>
piko.yaml:2:14: proxy: bind addr is not an address
    2 |   bind_addr: localhost
      |              ^^^^^^^^^
  allowed: host:port, as in 10.0.0.1:8000, or :port for every address of the host

## a port out of range
proxy:
  bind_addr: :80000
=>
piko.yaml:2:14: proxy: bind addr is not an address
    2 |   bind_addr: :80000
      |              ^^^^^^
  allowed: host:port, as in 10.0.0.1:8000, or :port for every address of the host

## an empty address
proxy:
  bind_addr: ""
=>
piko.yaml:2:14: proxy: missing bind addr
    2 |   bind_addr: ""
      |              ^^
  allowed: host:port, as in 10.0.0.1:8000, or :port for every address of the host

## a URL without a scheme
connect:
  url: localhost:8001
=>
piko.yaml:2:8: connect: url is not a URL
    2 |   url: localhost:8001
      |        ^^^^^^^^^^^^^^
  allowed: a URL that begins with http:// or https://

## a URL with another scheme
connect:
  url: ftp://user:hunter2@localhost
=>
piko.yaml:2:8: connect: unsupported scheme: ftp
    2 |   url: ftp://user:***@localhost
      |        ^^^^^^^^^^^^^^^^^^^^^^^^
  allowed: a URL that begins with http:// or https://

## a word for a whole number
upstream:
  max_connections: many
=>
piko.yaml:2:20: upstream: max connections is not a whole number
    2 |   max_connections: many
      |                    ^^^^
  allowed: a whole number of at least 1

## a fraction for a whole number
upstream:
  max_connections: 1.5
=>
piko.yaml:2:20: upstream: max connections is not a whole number
    2 |   max_connections: 1.5
      |                    ^^^
  allowed: a whole number of at least 1

## a number below the minimum
upstream:
  max_connections: 0
=>
piko.yaml:2:20: upstream: max connections cannot be less than 1
    2 |   max_connections: 0
      |                    ^
  allowed: a whole number of at least 1

## a negative number
upstream:
  rebalance:
    threshold: -0.5
=>
piko.yaml:3:16: upstream: rebalance: threshold cannot be negative
    3 |     threshold: -0.5
      |                ^^^^
  allowed: a number of at least 0

## a number above the maximum
upstream:
  rebalance:
    shed_rate: 1.5
=>
piko.yaml:3:16: upstream: rebalance: shed rate cannot exceed 1
    3 |     shed_rate: 1.5
      |                ^^^
  allowed: a number from 0 to 1

## a size in unknown units
upstream:
  window_size: 1 pound
=>
piko.yaml:2:16: upstream: window size is not a size in bytes
    2 |   window_size: 1 pound
      |                ^^^^^^^
  allowed: a size in bytes of at least 16KiB, such as 262144, 256KiB or 1MB

## a size below the minimum
upstream:
  window_size: 1KiB
=>
piko.yaml:2:16: upstream: window size cannot be less than 16KiB
    2 |   window_size: 1KiB
      |                ^^^^
  allowed: a size in bytes of at least 16KiB, such as 262144, 256KiB or 1MB

## a word for a boolean
proxy:
  access_log:
    disable: never
=>
piko.yaml:3:14: proxy: access_log: disable is not true or false
    3 |     disable: never
      |              ^^^^^
  allowed: true or false

## an unknown choice
proxy:
  access_log:
    level: loud
=>
piko.yaml:3:12: proxy: access_log: unsupported level: loud
    3 |     level: loud
      |            ^^^^
  allowed: debug, info, warn, error

## a field that refuses a value
cluster:
  node_id: a/b
=>
piko.yaml:2:12: cluster: node id cannot contain a slash
    2 |   node_id: a/b
      |            ^^^
  allowed: a text

## a value missing in an item
tenants:
  - token: a
=>
piko.yaml:2:5: tenants[0]: missing id
    2 |   - token: …
      |     ^^^^^

## fields that exclude each other
proxy:
  access_log:
    request_headers:
      allow_list: [a]
      block_list: [b]
=>
piko.yaml:3:5: proxy: access_log: request_headers: cannot define both allow list and block list
    3 |     request_headers: …
      |     ^^^^^^^^^^^^^^^

## a field that another one needs
proxy:
  tls:
    cert: /etc/cert.pem
=>
piko.yaml:2:3: proxy: tls: missing key
    2 |   tls: …
      |   ^^^

## several mistakes at once
grace_period: soon
proxy:
  bind_adr: :8000
  access_log:
    level: loud
=>
piko.yaml:1:15: grace period is not a duration
    1 | grace_period: soon
      |               ^^^^
  allowed: a duration, such as 100ms, 30s or 1m30s

piko.yaml:3:3: proxy: unknown key "bind_adr"
    3 |   bind_adr: …
      |   ^^^^^^^^
  did you mean bind_addr?

piko.yaml:5:12: proxy: access_log: unsupported level: loud
    5 |     level: loud
      |            ^^^^
  allowed: debug, info, warn, error

## a mistyped choice
proxy:
  access_log:
    level: inof
=>
piko.yaml:3:12: proxy: access_log: unsupported level: inof
    3 |     level: inof
      |            ^^^^
  allowed: debug, info, warn, error
  did you mean info?

## a section with a secret is a list
proxy:
  auth:
    - hunter2
=>
piko.yaml:3:5: proxy: auth must be a section
    3 |     ***
      |     ^^^
  found: a list
  allowed: hmac_secret_key

## a proxy URL with a password in a broken place
connect:
  url: http://user:hunter2@:x
=>
piko.yaml:2:8: connect: url is not a URL
    2 |   url: http://user:***@:x
      |        ^^^^^^^^^^^^^^^^^^
  allowed: a URL that begins with http:// or https://

## a fraction of a byte
upstream:
  window_size: 16384.5
=>
piko.yaml:2:16: upstream: window size is not a size in bytes
    2 |   window_size: 16384.5
      |                ^^^^^^^
  allowed: a size in bytes of at least 16KiB, such as 262144, 256KiB or 1MB

## an address with a path
proxy:
  bind_addr: localhost:8000/path
=>
piko.yaml:2:14: proxy: bind addr is not an address
    2 |   bind_addr: localhost:8000/path
      |              ^^^^^^^^^^^^^^^^^^^
  allowed: host:port, as in 10.0.0.1:8000, or :port for every address of the host
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

test('a variable that is not closed', () => {
  expect(messageAbout('proxy:\n  timeout: ${TIMEOUT\n', {})).toBe(
    [
      'piko.yaml:2:12: proxy: timeout has a ${ without a name or an end',
      '    2 |   timeout: ${TIMEOUT',
      '      |            ^^^^^^^^^',
      '  allowed: ${VARIABLE} or ${VARIABLE:default}; $$ stands for a single $',
    ].join('\n'),
  )
})

test('a variable with a bad value', () => {
  expect(messageAbout('proxy:\n  timeout: ${TIMEOUT}\n', { TIMEOUT: 'soon' })).toBe(
    [
      'piko.yaml:2:12: proxy: timeout is not a duration',
      '    2 |   timeout: ${TIMEOUT}',
      '      |            ^^^^^^^^^^',
      '  found: "soon"',
      '  allowed: a duration, such as 100ms, 30s or 1m30s',
    ].join('\n'),
  )
})

test('a value with escape codes cannot colour the terminal', () => {
  expect(messageAbout('proxy:\n  timeout: \u001b[31mred\n')).toBe(
    [
      'piko.yaml:2:12: proxy: timeout is not a duration',
      '    2 |   timeout: \ufffd[31mred',
      '      |            ^^^^^^^^',
      String.raw`  found: "\u001b[31mred"`,
      '  allowed: a duration, such as 100ms, 30s or 1m30s',
    ].join('\n'),
  )
})

test('of a long line the part around the mistake is shown', () => {
  const names = 'abcdefgh, '.repeat(10)
  const yaml = `proxy: {access_log: {request_headers: {allow_list: [${names}]}}, timeout: x}\n`
  expect(messageAbout(yaml)).toBe(
    [
      'piko.yaml:1:167: proxy: timeout is not a duration',
      '    1 | …gh, abcdefgh, abcdefgh, abcdefgh, abcdefgh, ]}}, timeout: x}',
      '      |                                                            ^',
      '  allowed: a duration, such as 100ms, 30s or 1m30s',
    ].join('\n'),
  )
})

test('no message shows a secret', () => {
  expect(cases.filter(({ message }) => message.includes('hunter2'))).toEqual([])
})
