import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { agentConfig, agentHttpConfig } from '../src/agent/config.ts'
import { forwardConfig, forwardTcpConfig } from '../src/forward/config.ts'
import { loadConfig } from '../src/config/load-config.ts'
import { leavesOf } from '../src/config/section.ts'
import { SecretText } from '../src/config/secret-text.ts'
import { settledValues } from '../src/config/settled-values.ts'
import type { Leaf, Section } from '../src/config/section.ts'
import { defaultText } from '../src/config/value-text.ts'
import { serverConfig } from '../src/server/config.ts'

const TLS = ['cert', 'key', 'client_cas', 'client.cert', 'client.key', 'client.root_cas'].concat([
  'client.insecure_skip_verify',
  'client.server_name',
])

const AUTH = [
  'hmac_secret_key',
  'rsa_public_key',
  'ecdsa_public_key',
  'audience',
  'issuer',
  'disable_disconnect_on_expiry',
  'jwks.endpoint',
  'jwks.cache_ttl',
  'jwks.timeout',
]

/**
 * Every setting of the deployed Piko, v0.9.0, by its YAML path, with the default that it has here;
 * `≠` marks the defaults that differ on purpose (docs/reference/differences.md).
 */
const SERVER = `
cluster.node_id
cluster.node_id_prefix
cluster.join
cluster.join_timeout = 1m
cluster.abort_if_join_fails = true
cluster.gossip.bind_addr = :8003
cluster.gossip.advertise_addr
cluster.gossip.interval = 100ms
cluster.gossip.max_packet_size = 1400
proxy.bind_addr = :8000
proxy.advertise_addr
proxy.timeout = 30s
proxy.access_log.level = info
proxy.access_log.disable
proxy.access_log.request_headers.allow_list
proxy.access_log.request_headers.block_list
proxy.access_log.response_headers.allow_list
proxy.access_log.response_headers.block_list
proxy.http.read_timeout = 30s ≠ 10s
proxy.http.read_header_timeout = 10s
proxy.http.write_timeout = 5m ≠ 10s
proxy.http.idle_timeout = 5m
proxy.http.max_header_bytes = 64KiB ≠ 1MiB
TLS proxy
TLS upstream
TLS admin
AUTH proxy
AUTH upstream
AUTH admin
upstream.tenants
upstream.rebalance.threshold = 0
upstream.rebalance.shed_rate = 0.005
upstream.rebalance.min_conns = 50
upstream.bind_addr = :8001
upstream.advertise_addr
admin.bind_addr = :8002
admin.advertise_addr
log.level = info
log.subsystems
grace_period = 1m
stream.max_window_size = 256KiB
`
  .replaceAll(/^TLS (.*)$/gm, (_line, port: string) =>
    TLS.map((name) => `${port}.tls.${name}`).join('\n'),
  )
  .replaceAll(/^AUTH (.*)$/gm, (_line, port: string) =>
    AUTH.map((name) => `${port}.auth.${name}`).join('\n'),
  )

const TENANT = ['id', ...AUTH.map((name) => `auth.${name}`)].join('\n')

const CONNECT_AND_LOG = `
connect.token
connect.timeout = 30s
connect.tls.cert
connect.tls.key
connect.tls.root_cas
connect.tls.insecure_skip_verify
log.level = info
log.subsystems
`

const FORWARD = `
connect.url = http://localhost:8000
${CONNECT_AND_LOG}`

const AGENT = `
connect.url = http://localhost:8001
connect.tenant_id
connect.proxy_url
server.enabled
server.bind_addr = :5000
grace_period = 1m
stream.max_window_size = 256KiB
${CONNECT_AND_LOG}`

const ACCESS_LOG = `
access_log.level = info
access_log.disable
`

const HTTP_LISTENER = `
timeout = 10s
${ACCESS_LOG}
access_log.request_headers.allow_list
access_log.request_headers.block_list
access_log.response_headers.allow_list
access_log.response_headers.block_list
http_client.keep_alive_timeout = 30s
http_client.idle_conn_timeout = 1m30s
http_client.max_idle_conns = 1000 ≠ 100
http_client.disable_compression
`

const YAML_LISTENER = `
endpoint_id
addr
protocol = http
tls.cert
tls.key
tls.root_cas
tls.insecure_skip_verify
${HTTP_LISTENER}`

const DOCUMENTED_LOG = `
log:
    level: info
    subsystems: []
`

const DOCUMENTED_SERVER = `
proxy:
  bind_addr: ":8000"
  advertise_addr: ""
  timeout: 30s
  access_log:
    level: info
    disable: false
    request_headers:
      allow_list: []
      block_list: []
    response_headers:
      allow_list: []
      block_list: []
  http:
    read_timeout: 10s
    read_header_timeout: 10s
    write_timeout: 10s
    idle_timeout: 5m0s
    max_header_bytes: 1048576
  tls:
    cert: ""
    key: ""

upstream:
  bind_addr: ":8001"
  tls:
    cert: ""
    key: ""

cluster:
  node_id: ""
  node_id_prefix: ""
  join: []
  abort_if_join_fails: true
  gossip:
    bind_addr: ":8003"
    advertise_addr: ""
    interval: 100ms
    max_packet_size: 1400

admin:
  bind_addr: ":8002"
  advertise_addr: ""
  tls:
    cert: ""
    key: ""
${DOCUMENTED_LOG}
grace_period: 1m0s
`

const DOCUMENTED_AGENT = `
listeners:
  - endpoint_id: my-endpoint
    addr: localhost:3000
    timeout: 15s

connect:
  url: http://localhost:8001
  token: ""
  timeout: 30s
  tls:
    root_cas: ""

server:
  bind_addr: ":5000"
${DOCUMENTED_LOG}
grace_period: 1m0s
`

interface Row {
  readonly path: string
  /** As the reference shows it; undefined when there is none. */
  readonly initial: string | undefined
}

/** What their files say, without what they say about it. */
const DOCUMENTED_FORWARD = `
ports:
- addr: "3000"
  endpoint_id: my-endpoint

connect:
  url: http://localhost:8000
  timeout: 30s
  tls:
    root_cas: ""
${DOCUMENTED_LOG}`

/** How the documentation wrote files before v0.5: deployments still have such. */
const EARLY_SERVER = `
proxy:
  access_log: true
  auth:
    hmac_secret_key: ""
    rsa_public_key: ""
    ecdsa_public_key: ""
    audience: ""
    issuer: ""
  tls:
    enabled: false
    cert: ""
    key: ""
`

function rowsOf(table: string): Row[] {
  return Array.from(table.matchAll(/^([a-z][\w.]*)(?: = (\S+))?/gm), ([, path = '', initial]) => ({
    path,
    initial,
  }))
}

/** Rows that `root` does not have as they are listed, and those without their flag. */
function missing(table: string, root: Section, hasFlags = true): Row[] {
  const leaves = new Map([...leavesOf(root)].map((leaf) => [leaf.path.join('.'), leaf]))
  return rowsOf(table).filter(({ path, initial }) => {
    const leaf = leaves.get(path)
    if (leaf === undefined) return true
    const flag = path.replaceAll('_', '-')
    // A switch that is off, and a number that is 0, need not be listed.
    const shown = defaultText(leaf.setting)
    return (hasFlags && leaf.flag !== flag) || (initial !== undefined && shown !== initial)
  })
}

test('every setting of the deployed server is there, with its flag and its default', () => {
  expect(rowsOf(SERVER).length).toBeGreaterThan(80)
  const items = missing(SERVER, serverConfig).map(({ path }) => path)
  // A list of sections has no flag; nor has it there.
  expect(items).toEqual(['upstream.tenants'])
  expect(missing(TENANT, serverConfig.fields.upstream.fields.tenants.of, false)).toEqual([])
})

test('every setting of the deployed agent is there', () => {
  expect(missing(AGENT, agentConfig)).toEqual([])
  expect(missing(AGENT + HTTP_LISTENER, agentHttpConfig)).toEqual([])
  expect(missing(YAML_LISTENER, agentConfig.fields.listeners.of, false)).toEqual([])
})

test('every setting of the deployed forward is there', () => {
  expect(missing(FORWARD, forwardConfig)).toEqual([])
  expect(missing(FORWARD, forwardTcpConfig)).toEqual([])
  expect(missing('addr\nendpoint_id', forwardConfig.fields.ports.of, false)).toEqual([])
})

/** A public key in PEM. */
function publicKey(kind: 'rsa' | 'ec'): string {
  const { publicKey: key } =
    kind === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2_048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return key.export({ type: 'spki', format: 'pem' }).toString()
}

/** Values that are nobody's default, for settings whose kind does not say enough. */
const SAMPLES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['proxy', 'upstream', 'admin'].flatMap((port) => [
      [`${port}.auth.rsa_public_key`, publicKey('rsa')],
      [`${port}.auth.ecdsa_public_key`, publicKey('ec')],
    ]),
  ),
  'cluster.gossip.interval': '70ms',
  'cluster.gossip.max_packet_size': '1300',
  'stream.max_window_size': '1MiB',
}

const BY_TYPE: Readonly<Record<string, string>> = {
  address: '10.1.2.3:1234',
  bytes: '12345',
  duration: '47s',
  integer: '47',
  number: '0.5',
  url: 'https://piko.example.com',
}

function sampleOf({ path, setting }: Leaf): string {
  const sample = SAMPLES[path.join('.')]
  if (sample !== undefined || setting.node !== 'field') return sample ?? 'sample'
  if (setting.type === 'boolean') return String(setting.initial === false)
  return setting.choices?.at(-1) ?? BY_TYPE[setting.type] ?? 'sample'
}

/** What has to come with some settings. */
const COMPANIONS: readonly (readonly [RegExp, string, string])[] = [
  [/(?<=tls\.(client\.)?)(cert|client_cas)$/, 'key', 'sample'],
  [/(?<=tls\.(client\.)?)(key|client_cas)$/, 'cert', 'sample'],
  [/(?<=auth\.)(audience|issuer)$/, 'hmac_secret_key', 'sample'],
]

/** Settings as a file has them; JSON is YAML. */
function asFile(values: ReadonlyMap<string, unknown>): string {
  const root: Record<string, unknown> = {}
  for (const [path, value] of values) {
    const names = path.split('.')
    let section = root
    for (const name of names.slice(0, -1)) {
      section = (section[name] ??= {}) as Record<string, unknown>
    }
    section[names.at(-1) as string] = value
  }
  return JSON.stringify(root)
}

/** A value as it can be compared: secrets hide theirs. */
function comparable({ setting }: Leaf, value: unknown): unknown {
  if (setting.node !== 'field') return value
  return value instanceof SecretText ? value.reveal() : setting.format(value)
}

/** What the setting gets by its flag and by its key in a file, and what it should get. */
function outcomes(root: Section, leaf: Leaf) {
  const { path, setting } = leaf
  const at = path.join('.')
  const sample = sampleOf(leaf)
  const isList = setting.node === 'list'
  const values = new Map<string, unknown>([[at, isList ? [sample] : sample]])
  for (const [pattern, name, value] of COMPANIONS) {
    if (pattern.test(at)) values.set(at.replace(pattern, name), value)
  }
  const argv = Array.from(
    values,
    ([name, value]) => `--${name.replaceAll('_', '-')}=${String(value)}`,
  )
  const valueIn = (config: unknown) =>
    comparable(
      leaf,
      [...settledValues(root, config)].find((its) => its.path.join('.') === at)?.value,
    )
  const parsed = setting.node === 'field' ? setting.parse(sample, at) : { value: [sample] }
  return {
    byFlag: valueIn(loadConfig(root, { argv })),
    byFile: valueIn(load(root, asFile(values))),
    wanted: 'value' in parsed ? comparable(leaf, parsed.value) : parsed.refused,
  }
}

test.each([
  ['server', SERVER, serverConfig],
  ['agent http', AGENT + HTTP_LISTENER, agentHttpConfig],
  ['forward tcp', FORWARD, forwardTcpConfig],
] as const)(
  'each flag and each key of %s sets what it names',
  (_name, table, root) => {
    const rows = new Set(rowsOf(table).map(({ path }) => path))
    const leaves = [...leavesOf(root)].filter(
      ({ path, flag }) => flag !== undefined && rows.has(path.join('.')),
    )
    expect(leaves.length).toBeGreaterThan(8)
    for (const leaf of leaves) {
      const at = leaf.path.join('.')
      const { wanted, ...set } = outcomes(root, leaf)
      expect({ at, ...set }).toEqual({ at, byFlag: wanted, byFile: wanted })
      const initial = leaf.setting.node === 'items' ? [] : comparable(leaf, leaf.setting.initial)
      expect({ at, initial }).not.toEqual({ at, initial: wanted })
    }
  },
  60_000,
)

function load<Root extends Section>(root: Root, yaml: string) {
  const folder = mkdtempSync(join(tmpdir(), 'piko-compatibility-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'piko.yaml')
  writeFileSync(file, yaml)
  return loadConfig(root, { file, expandEnv: true, env: { POD_NAME: 'piko-0' } })
}

test('the server’s file of the deployed documentation loads', () => {
  const { proxy, cluster } = load(serverConfig, DOCUMENTED_SERVER)
  expect(proxy).toMatchObject({ timeoutMs: 30_000, http: { readTimeoutMs: 10_000 } })
  expect(cluster.gossip).toMatchObject({ intervalMs: 100, maxPacketSize: 1_400 })
})

test('the agent’s file of the deployed documentation loads', () => {
  const { listeners, connect } = load(agentConfig, DOCUMENTED_AGENT)
  expect(listeners).toMatchObject([
    { endpointId: 'my-endpoint', addr: 'localhost:3000', timeoutMs: 15_000 },
  ])
  expect(connect).toMatchObject({ url: 'http://localhost:8001', timeoutMs: 30_000 })
})

test('the forward’s file of the deployed documentation loads', () => {
  const { ports, connect } = load(forwardConfig, DOCUMENTED_FORWARD)
  expect(ports).toEqual([{ addr: '3000', endpointId: 'my-endpoint' }])
  expect(connect).toMatchObject({ url: 'http://localhost:8000', timeoutMs: 30_000 })
})

test.each([
  ['true', false],
  ['false', true],
])('an early file’s access_log: %s loads', (written, disable) => {
  const server = load(serverConfig, EARLY_SERVER.replace(': true', `: ${written}`))
  expect(server.proxy.accessLog.disable).toBe(disable)
  const listener = `{ endpoint_id: e, addr: "3000", access_log: ${written} }`
  const agent = load(agentConfig, `listeners: [${listener}]`)
  expect(agent.listeners[0]?.accessLog.disable).toBe(disable)
})

test.each([
  ['the demo', 'cluster:\n  join:\n    - piko-1\n    - piko-2\n    - piko-3\n'],
  ['the chart', 'cluster:\n  node_id_prefix: ${POD_NAME}-\n  join:\n    - piko\n'],
])('the file of %s loads', (_name, yaml) => {
  expect(load(serverConfig, yaml).cluster.join.length).toBeGreaterThan(0)
})

test('a variable is expanded as the chart expects', () => {
  const { cluster } = load(serverConfig, 'cluster:\n  node_id_prefix: ${POD_NAME}-\n')
  expect(cluster.nodeIdPrefix).toBe('piko-0-')
})
