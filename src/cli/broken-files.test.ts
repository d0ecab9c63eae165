import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { run } from './run.ts'

/**
 * Files that a server or an agent is given by mistake, and everything that they say about them.
 * What is broken about a file in itself (its encoding, its size) is tried in src/config.
 */

const folder = mkdtempSync(join(tmpdir(), 'piko-broken-'))
afterAll(() => rmSync(folder, { recursive: true }))

const COMMANDS = {
  server: ['server'],
  agent: ['agent', 'start'],
  forward: ['forward', 'start'],
} as const

/** Settings come and go: which ones a section has is not what these tests are about. */
const KEYS = /allowed: [a-z_]+(,\s+[a-z_]+){5,}/g

async function started(program: keyof typeof COMMANDS, yaml: string) {
  const file = join(folder, 'piko.yaml')
  writeFileSync(file, yaml)
  const output = { code: 0, stdout: '', stderr: '' }
  output.code = await run([...COMMANDS[program], '--config.path', file], {
    env: {},
    print: (text) => void (output.stdout += text),
    warn: (text) => void (output.stderr += text),
  })
  const stderr = output.stderr.replaceAll(file, 'piko.yaml')
  return { ...output, stderr: stderr.replaceAll(KEYS, 'allowed: the keys of the section') }
}

const transcript = `
## server: a mistyped section
porxy: { timeout: 1s }
=>
piko.yaml:1:1: unknown key "porxy"
    1 | porxy: …
      | ^^^^^
  did you mean proxy?

## server: a mistyped key
proxy:
  timout: 30s
=>
piko.yaml:2:3: proxy: unknown key "timout"
    2 |   timout: …
      |   ^^^^^^
  did you mean timeout?

## server: a key of another section
trusted_proxies: []
=>
piko.yaml:1:1: unknown key "trusted_proxies"
    1 | trusted_proxies: …
      | ^^^^^^^^^^^^^^^
  did you mean proxy.trusted_proxies?

## server: a key in camel case
cluster: { nodeId: a }
=>
piko.yaml:1:12: cluster: unknown key "nodeId"
    1 | cluster: { nodeId: …
      |            ^^^^^^
  did you mean node_id?

## server: a key that nothing resembles
colour: blue
=>
piko.yaml:1:1: unknown key "colour"
    1 | colour: …
      | ^^^^^^
  allowed: the keys of the section

## server: the same key twice
proxy: { timeout: 1s }
proxy: { timeout: 2s }
=>
piko.yaml:2:1: key "proxy" is written twice
    2 | proxy: { timeout: 2s }
      | ^^^^^

## server: the prototype
__proto__: { a: 1 }
=>
piko.yaml:1:1: unknown key "__proto__"
    1 | __proto__: …
      | ^^^^^^^^^
  allowed: the keys of the section

## server: the constructor
cluster:
  constructor: x
=>
piko.yaml:2:3: cluster: unknown key "constructor"
    2 |   constructor: …
      |   ^^^^^^^^^^^
  allowed: the keys of the section

## server: toString as a section
proxy: { toString: {} }
=>
piko.yaml:1:10: proxy: unknown key "toString"
    1 | proxy: { toString: …
      |          ^^^^^^^^
  allowed: the keys of the section

## server: a duration without a unit
proxy: { timeout: 30 }
=>
piko.yaml:1:19: proxy: timeout is not a duration
    1 | proxy: { timeout: 30 }
      |                   ^^
  allowed: a duration, such as 100ms, 30s or 1m30s

## server: a duration with a wrong unit
proxy:
  timeout: 30 seconds
=>
piko.yaml:2:12: proxy: timeout is not a duration
    2 |   timeout: 30 seconds
      |            ^^^^^^^^^^
  allowed: a duration, such as 100ms, 30s or 1m30s

## server: a negative duration
grace_period: -1m
=>
piko.yaml:1:15: grace period cannot be negative
    1 | grace_period: -1m
      |               ^^^
  allowed: a duration, such as 100ms, 30s or 1m30s

## server: no grace period
grace_period: 0
=>
piko.yaml:1:15: missing grace period
    1 | grace_period: 0
      |               ^
  allowed: a duration, such as 100ms, 30s or 1m30s

## server: a duration beyond all timers
proxy: { timeout: 1000h }
=>
piko.yaml:1:19: proxy: timeout cannot exceed 596h
    1 | proxy: { timeout: 1000h }
      |                   ^^^^^
  allowed: a duration, such as 100ms, 30s or 1m30s

## server: a gossip interval that is too short
cluster: { gossip: { interval: 1ms } }
=>
piko.yaml:1:32: cluster: gossip: interval cannot be less than 10ms
    1 | cluster: { gossip: { interval: 1ms } }
      |                                ^^^
  allowed: a duration of at least 10ms, such as 100ms, 30s or 1m30s

## server: no join timeout
cluster: { join_timeout: 0s }
=>
piko.yaml:1:26: cluster: missing join timeout
    1 | cluster: { join_timeout: 0s }
      |                          ^^
  allowed: a duration, such as 100ms, 30s or 1m30s

## server: an empty bind address
proxy: { bind_addr: '' }
=>
piko.yaml:1:21: proxy: missing bind addr
    1 | proxy: { bind_addr: '' }
      |                     ^^
  allowed: host:port, as in 10.0.0.1:8000, or :port for every address of the host

## server: an address without a port
upstream: { bind_addr: 10.0.0.1 }
=>
piko.yaml:1:24: upstream: bind addr is not an address
    1 | upstream: { bind_addr: 10.0.0.1 }
      |                        ^^^^^^^^
  allowed: host:port, as in 10.0.0.1:8000, or :port for every address of the host

## server: a port that does not exist
admin: { bind_addr: ':70000' }
=>
piko.yaml:1:21: admin: bind addr is not an address
    1 | admin: { bind_addr: ':70000' }
      |                     ^^^^^^^^
  allowed: host:port, as in 10.0.0.1:8000, or :port for every address of the host

## server: a URL for an address
proxy: { bind_addr: 'http://localhost:8000' }
=>
piko.yaml:1:21: proxy: bind addr is not an address
    1 | proxy: { bind_addr: 'http://localhost:8000' }
      |                     ^^^^^^^^^^^^^^^^^^^^^^^
  allowed: host:port, as in 10.0.0.1:8000, or :port for every address of the host

## server: a size that is none
proxy: { http: { max_header_bytes: large } }
=>
piko.yaml:1:36: proxy: http: max header bytes is not a size in bytes
    1 | proxy: { http: { max_header_bytes: large } }
      |                                    ^^^^^
  allowed: a size in bytes of at least 1KiB, such as 262144, 256KiB or 1MB

## server: a size that is too small
proxy: { http: { max_header_bytes: 10 } }
=>
piko.yaml:1:36: proxy: http: max header bytes cannot be less than 1KiB
    1 | proxy: { http: { max_header_bytes: 10 } }
      |                                    ^^
  allowed: a size in bytes of at least 1KiB, such as 262144, 256KiB or 1MB

## server: a packet that fits no datagram
cluster: { gossip: { max_packet_size: 1MiB } }
=>
piko.yaml:1:39: cluster: gossip: max packet size cannot exceed 65000
    1 | cluster: { gossip: { max_packet_size: 1MiB } }
      |                                       ^^^^
  allowed: a size in bytes from 1200 to 65000, such as 262144, 256KiB or 1MB

## server: a window below the protocol's
stream: { max_window_size: 64KiB }
=>
piko.yaml:1:28: stream: max window size cannot be less than 256KiB
    1 | stream: { max_window_size: 64KiB }
      |                            ^^^^^
  allowed: a size in bytes from 256KiB to 16MiB, such as 262144, 256KiB or 1MB

## server: an unknown level
log: { level: verbose }
=>
piko.yaml:1:15: log: unsupported level: verbose
    1 | log: { level: verbose }
      |               ^^^^^^^
  allowed: debug, info, warn, error

## server: a level that is nearly right
log: { level: wran }
=>
piko.yaml:1:15: log: unsupported level: wran
    1 | log: { level: wran }
      |               ^^^^
  allowed: debug, info, warn, error
  did you mean warn?

## server: an empty level
log: { level: '' }
=>
piko.yaml:1:15: log: missing level
    1 | log: { level: '' }
      |               ^^
  allowed: debug, info, warn, error

## server: a word for a switch
proxy: { access_log: { disable: maybe } }
=>
piko.yaml:1:33: proxy: access_log: disable is not true or false
    1 | proxy: { access_log: { disable: maybe } }
      |                                 ^^^^^
  allowed: true or false

## server: both lists
proxy:
  access_log:
    request_headers: { allow_list: [a], block_list: [b] }
=>
piko.yaml:3:5: proxy: access_log: request_headers: cannot define both allow list and block list
    3 |     request_headers: …
      |     ^^^^^^^^^^^^^^^

## server: a certificate without a key
proxy: { tls: { cert: /a.pem } }
=>
piko.yaml:1:17: proxy: tls: missing key
    1 | proxy: { tls: { cert: …
      |                 ^^^^

## server: a key without a certificate
upstream: { tls: { key: /a.key } }
=>
piko.yaml:1:20: upstream: tls: missing cert
    1 | upstream: { tls: { key: …
      |                    ^^^

## server: authorities without a certificate
admin: { tls: { client_cas: /ca.pem } }
=>
piko.yaml:1:17: admin: tls: missing cert
    1 | admin: { tls: { client_cas: …
      |                 ^^^^^^^^^^

## server: a network that is none
proxy: { trusted_proxies: [10.0.0.0/99] }
=>
piko.yaml:1:28: proxy: not an address or a network
    1 | proxy: { trusted_proxies: [10.0.0.0/99] }
      |                            ^^^^^^^^^^^
  allowed: a text

## server: a secret twice
cluster: { secret: hunter2, secret_file: /run/secret }
=>
piko.yaml:1:42: cluster: secret and secret_file cannot both be set
    1 | cluster: { secret: ***

## server: a secret's file that is not there
cluster: { secret_file: /nowhere/secret }
=>
piko.yaml:1:25: cluster: secret file cannot be read: there is no such file
    1 | cluster: { secret_file: /nowhere/secret }
      |                         ^^^^^^^^^^^^^^^

## server: a mistyped secret
cluster: { secert: hunter2 }
=>
piko.yaml:1:12: cluster: unknown key "secert"
    1 | cluster: { secert: …
      |            ^^^^^^
  did you mean secret?

## server: a list for a secret
cluster:
  secret: [hunter2]
=>
piko.yaml:2:11: cluster: secret must be a single value
    2 |   secret: ***
      |           ^^^
  found: a list
  allowed: a text

## server: a section for a value
proxy:
  timeout: { seconds: 30 }
=>
piko.yaml:2:12: proxy: timeout must be a single value
    2 |   timeout: { seconds: 30 }
      |            ^^^^^^^^^^^^^^^
  found: a section
  allowed: a duration, such as 100ms, 30s or 1m30s

## server: a value for a section
proxy: 8000
=>
piko.yaml:1:8: proxy must be a section
    1 | proxy: ***
      |        ^^^
  found: a single value
  allowed: the keys of the section

## server: a list for a section
cluster: [a, b]
=>
piko.yaml:1:10: cluster must be a section
    1 | cluster: ***
      |          ^^^
  found: a list
  allowed: the keys of the section

## server: a section for a list
cluster: { join: { a: b } }
=>
piko.yaml:1:18: cluster: join must be a list
    1 | cluster: { join: { a: b } }
      |                  ^^^^^^^^
  found: a section
  allowed: items that begin with "- "

## server: a list within a list
cluster: { join: [[a]] }
=>
piko.yaml:1:19: cluster: join must be a list of single values
    1 | cluster: { join: [[a]] }
      |                   ^^^
  found: a list
  allowed: a text

## server: a list at the top
- proxy
=>
piko.yaml:1:1: the file must be made of keys and values
    1 | ***
      | ^^^
  found: a list
  allowed: the keys of the section

## server: a text at the top
proxy
=>
piko.yaml:1:1: the file must be made of keys and values
    1 | ***
      | ^^^
  found: a single value
  allowed: the keys of the section

## server: nothing
=>
piko.yaml: the file is empty

## server: comments only
# proxy:
=>
piko.yaml: the file is empty

## server: two documents
proxy: { timeout: 1s }
---
proxy: { timeout: 2s }
=>
piko.yaml:2:1: the file holds more than one YAML document
    2 | ---
      | ^

## server: a tab
proxy:
\ttimeout: 1s
=>
piko.yaml:2:1: a tab is used as indentation; YAML takes spaces only
    2 |  timeout: 1s
      | ^

## server: a quote that nothing closes
cluster: { node_id: "a }
=>
piko.yaml:1:21: the closing quote is missing
    1 | cluster: { node_id: "a }
      |                     ^

## server: a bracket that nothing closes
cluster:
  join: [a, b
=>
piko.yaml:2:9: the closing } or ] is missing
    2 |   join: [a, b
      |         ^

## server: a colon that is missing
proxy
  timeout: 1s
=>
piko.yaml:1:1: a colon is missing after the key
    1 | proxy
      | ^^^^^

## server: a wrong indentation
proxy:
    timeout: 1s
  bind_addr: :8000
=>
piko.yaml:3:1: this key is indented differently from its neighbours
    3 |   bind_addr: :8000
      | ^

## server: an alias of nothing
proxy: *base
=>
piko.yaml:1:8: alias *base has no anchor &base before it
    1 | proxy: *base
      |        ^^^^^

## server: an alias within itself
proxy: &p
  http: *p
=>
piko.yaml:2:9: alias *p contains itself
    2 |   http: *p
      |         ^^

## server: a tag
proxy: { timeout: !!js/function 'x' }
=>
piko.yaml:1:33: tag !!js/function has no meaning here
    1 | proxy: { timeout: !!js/function 'x' }
      |                                 ^^^

piko.yaml:1:33: proxy: timeout is not a duration
    1 | proxy: { timeout: !!js/function 'x' }
      |                                 ^^^
  allowed: a duration, such as 100ms, 30s or 1m30s

## server: a name that is a list
? [a, b]
: c
=>
piko.yaml:1:3: a key must be a name
    1 | ? [a, b]
      |   ^^^^^^

## server: several mistakes at once
proxy: { timeout: never, colour: blue }
log: { level: loud }
=>
piko.yaml:1:19: proxy: timeout is not a duration
    1 | proxy: { timeout: never, colour: blue }
      |                   ^^^^^
  allowed: a duration, such as 100ms, 30s or 1m30s

piko.yaml:1:26: proxy: unknown key "colour"
    1 | proxy: { timeout: never, colour: …
      |                          ^^^^^^
  allowed: the keys of the section

piko.yaml:2:15: log: unsupported level: loud
    2 | log: { level: loud }
      |               ^^^^
  allowed: debug, info, warn, error

## agent: no listeners
connect: { url: http://localhost:8001 }
=>
piko.yaml: no listeners configured

## agent: a listener without an endpoint
listeners: [{ addr: 3000 }]
=>
piko.yaml:1:15: listener: missing endpoint id
    1 | listeners: [{ addr: …
      |               ^^^^

## agent: a listener without an address
listeners: [{ endpoint_id: orders }]
=>
piko.yaml:1:15: listener: orders: missing addr
    1 | listeners: [{ endpoint_id: …
      |               ^^^^^^^^^^^

## agent: a listener with an address that is none
listeners: [{ endpoint_id: orders, addr: 'over there' }]
=>
piko.yaml:1:42: listener: orders: invalid addr
    1 | listeners: [{ endpoint_id: orders, addr: 'over there' }]
      |                                          ^^^^^^^^^^^^
  allowed: a text

## agent: a listener without a timeout
listeners: [{ endpoint_id: orders, addr: 3000, timeout: 0 }]
=>
piko.yaml:1:57: listener: orders: missing timeout
    1 | listeners: [{ endpoint_id: orders, addr: 3000, timeout: 0 }]
      |                                                         ^
  allowed: a duration, such as 100ms, 30s or 1m30s

## agent: a listener with a key of the connection
listeners: [{ endpoint_id: orders, addr: 3000, token: hunter2 }]
=>
piko.yaml:1:48: listener: orders: unknown key "token"
    1 | listeners: [{ endpoint_id: orders, addr: 3000, token: …
      |                                                ^^^^^
  did you mean connect.token?

## agent: one listener in the place of a list
listeners: { endpoint_id: orders, addr: 3000 }
=>
piko.yaml:1:12: listeners must be a list
    1 | listeners: { endpoint_id: orders, addr: 3000 }
      |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  found: a section
  allowed: items that begin with "- "

## agent: a URL without a scheme
listeners: [{ endpoint_id: a, addr: 1 }]
connect: { url: localhost:8001 }
=>
piko.yaml:2:17: connect: url is not a URL
    2 | connect: { url: localhost:8001 }
      |                 ^^^^^^^^^^^^^^
  allowed: a URL that begins with http:// or https://

## agent: a URL with another scheme
listeners: [{ endpoint_id: a, addr: 1 }]
connect: { url: ftp://localhost }
=>
piko.yaml:2:17: connect: unsupported scheme: ftp
    2 | connect: { url: ftp://localhost }
      |                 ^^^^^^^^^^^^^^^
  allowed: a URL that begins with http:// or https://

## agent: too few idle connections
listeners: [{ endpoint_id: a, addr: 1, http_client: { max_idle_conns: -2 } }]
=>
piko.yaml:1:71: listener: a: http_client: max idle conns cannot be less than -1
    1 | …{ endpoint_id: a, addr: 1, http_client: { max_idle_conns: -2 } }]
      |                                                            ^^
  allowed: a whole number of at least -1

## agent: a token twice
listeners: [{ endpoint_id: a, addr: 1 }]
connect: { token: hunter2, token_file: /run/token }
=>
piko.yaml:2:40: connect: token and token_file cannot both be set
    2 | connect: { token: ***

## agent: a setting of a server
listeners: [{ endpoint_id: a, addr: 1 }]
cluster: { join: [b] }
=>
piko.yaml:2:1: unknown key "cluster"
    2 | cluster: …
      | ^^^^^^^
  allowed: the keys of the section

## server: a rebalance threshold below zero
upstream: { rebalance: { threshold: -0.1 } }
=>
piko.yaml:1:37: upstream: rebalance: threshold cannot be negative
    1 | upstream: { rebalance: { threshold: -0.1 } }
      |                                     ^^^^
  allowed: a number of at least 0

## server: a shed rate above all
upstream: { rebalance: { shed_rate: 1.5 } }
=>
piko.yaml:1:37: upstream: rebalance: shed rate cannot exceed 1
    1 | upstream: { rebalance: { shed_rate: 1.5 } }
      |                                     ^^^
  allowed: a number from 0 to 1

## server: gossip that never happens
cluster: { gossip: { interval: 0 } }
=>
piko.yaml:1:32: cluster: gossip: interval cannot be less than 10ms
    1 | cluster: { gossip: { interval: 0 } }
      |                                ^
  allowed: a duration of at least 10ms, such as 100ms, 30s or 1m30s

## server: a tenant without a name
upstream: { tenants: [{ auth: { hmac_secret_key: hunter2 } }] }
=>
piko.yaml:1:25: upstream: tenants[0]: missing tenant id
    1 | upstream: { tenants: [{ auth: …
      |                         ^^^^

## server: a tenant without keys
upstream: { tenants: [{ id: acme }] }
=>
piko.yaml:1:25: upstream: tenants[0]: tenant auth disabled
    1 | upstream: { tenants: [{ id: …
      |                         ^^

## server: two tenants with one name
upstream:
  tenants:
    - { id: a, auth: { hmac_secret_key: hunter2 } }
    - { id: a, auth: { hmac_secret_key: hunter2 } }
=>
piko.yaml:2:3: upstream: a is there twice
    2 |   tenants: …
      |   ^^^^^^^

## server: a key set beside a key
proxy:
  auth:
    hmac_secret_key: hunter2
    jwks: { endpoint: https://id.example.com/keys }
=>
piko.yaml:2:3: proxy: auth: no other verification key can be set when JWKS.Endpoint is set
    2 |   auth: …
      |   ^^^^

## server: a key set with another scheme
admin: { auth: { jwks: { endpoint: ftp://id.example.com } } }
=>
piko.yaml:1:36: admin: auth: jwks: unsupported scheme: ftp
    1 | admin: { auth: { jwks: { endpoint: ftp://id.example.com } } }
      |                                    ^^^^^^^^^^^^^^^^^^^^
  allowed: a URL that begins with https:// or http:// or file://

## server: an RSA key that is none
proxy: { auth: { rsa_public_key: hunter2 } }
=>
piko.yaml:1:18: proxy: auth: parse rsa public key: it is no public key in PEM
    1 | proxy: { auth: { rsa_public_key: …
      |                  ^^^^^^^^^^^^^^

## server: an ECDSA key that is none
upstream: { auth: { ecdsa_public_key: hunter2 } }
=>
piko.yaml:1:21: upstream: auth: parse ecdsa public key: it is no public key in PEM
    1 | upstream: { auth: { ecdsa_public_key: …
      |                     ^^^^^^^^^^^^^^^^

## server: an audience that nobody checks
proxy: { auth: { audience: clients } }
=>
piko.yaml:1:10: proxy: auth: missing verification key
    1 | proxy: { auth: …
      |          ^^^^

## server: TLS that is turned on without a certificate
proxy: { tls: { enabled: true } }
=>
piko.yaml:1:17: proxy: tls: enabled is deprecated: cert turns TLS on
    1 | proxy: { tls: { enabled: …
      |                 ^^^^^^^
piko.yaml:1:17: proxy: tls: missing cert
    1 | proxy: { tls: { enabled: …
      |                 ^^^^^^^

## server: a section in place of a switch
proxy: { access_log: maybe }
=>
piko.yaml:1:22: proxy: access log must be a section
    1 | proxy: { access_log: maybe }
      |                      ^^^^^
  found: a single value
  allowed: the keys of the section

## agent: an unknown protocol
listeners: [{ endpoint_id: a, addr: 1, protocol: udp }]
=>
piko.yaml:1:50: listener: a: unsupported protocol: udp
    1 | listeners: [{ endpoint_id: a, addr: 1, protocol: udp }]
      |                                                  ^^^
  allowed: http, tcp

## agent: no address to connect to
listeners: [{ endpoint_id: a, addr: 1 }]
connect: { url: "" }
=>
piko.yaml:2:17: connect: missing url
    2 | connect: { url: "" }
      |                 ^^
  allowed: a URL that begins with http:// or https://

## agent: a URL as the address of a TCP service
listeners: [{ endpoint_id: a, addr: http://a, protocol: tcp }]
=>
piko.yaml:1:31: listener: a: invalid addr
    1 | listeners: [{ endpoint_id: a, addr: …
      |                               ^^^^

## forward: no ports
connect: { timeout: 1s }
=>
piko.yaml: no ports configured

## forward: a port without an address
ports: [{ endpoint_id: a }]
=>
piko.yaml:1:11: ports[0]: missing addr
    1 | ports: [{ endpoint_id: …
      |           ^^^^^^^^^^^

## forward: a port without an endpoint
ports: [{ addr: 7000 }]
=>
piko.yaml:1:11: ports[0]: missing endpoint id
    1 | ports: [{ addr: …
      |           ^^^^

## forward: an address that is none
ports: [{ addr: a:b:c, endpoint_id: a }]
=>
piko.yaml:1:17: ports[0]: invalid addr
    1 | ports: [{ addr: a:b:c, endpoint_id: a }]
      |                 ^^^^^
  allowed: a port (7000, on this machine only) or host:port
`

const cases = transcript
  .split(/^## /m)
  .slice(1)
  .map((block) => {
    const [, program, title = '', yaml = '', message = ''] =
      /^(\w+): (.*)\n([^]*?)=>\n([^]*?)\n*$/.exec(block) ?? []
    return { program: program as keyof typeof COMMANDS, title, yaml, message }
  })

test('there are many ways to break a file', () => {
  expect(cases.length).toBeGreaterThanOrEqual(60)
})

test.each(cases)('$program: $title', async ({ program, yaml, message }) => {
  const { code, stdout, stderr } = await started(program, yaml)
  expect(stderr).toBe(`${message}\n`)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).not.toMatch(/hunter2|\n +at /)
})

test.each([
  ['a folder', '/', '/: the file cannot be read: it is a directory'],
  ['nothing', '/nowhere.yaml', '/nowhere.yaml: the file cannot be read: there is no such file'],
  ['a device of bytes', process.execPath, `${process.execPath}: the file is larger than 1 MiB`],
])('the path of %s', async (_title, path, message) => {
  let said = ''
  const context = { env: {}, print: () => {}, warn: (text: string) => void (said += text) }
  expect(await run(['server', '--config.path', path], context)).toBe(2)
  expect(said).toBe(`${message}\n`)
})
