import { readdirSync, readFileSync } from 'node:fs'
import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { encodeRaw, OP } from '../conformance/raw-frame.ts'
import { adminPage, startCluster, startMember } from '../support/cluster.ts'
import type { ClusterMember } from '../support/cluster.ts'
import { dialPort, ENDPOINT, pikoWithRawService, startServer } from '../support/piko.ts'
import type { RunningServer } from '../support/piko.ts'

/** The lines of SECURITY.md's threat model, each tried where it stands. */

const SECRET = 'a secret of sixty-four characters or so that nobody else has at all'
const AUTH = (port: string) => [`--${port}.auth.hmac-secret-key=${SECRET}`]

function token(endpoints: readonly string[]): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${encode({ alg: 'HS256' })}.${encode({ piko: { endpoints } })}`
  return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`
}

const GET = (fields = '') =>
  `GET / HTTP/1.1\r\nHost: h\r\nx-piko-endpoint: ${ENDPOINT}\r\n${fields}\r\n`
const REGISTER = (fields = '') =>
  `GET /piko/v1/upstream/${ENDPOINT} HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\n` +
  'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  `Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n${fields}\r\n`
const BEARER = (endpoint: string) => `Authorization: Bearer ${token([endpoint])}\r\n`

/** The status and the JSON error, if there is one, of the answer to some bytes. */
async function answerTo(
  node: RunningServer,
  port: 'proxy' | 'upstream' | 'admin',
  bytes: string,
): Promise<string> {
  const wire = await dialPort(node.addresses[port])
  wire.send(bytes)
  const { status, body } = await wire.message({ bodiless: false })
  const { error = '' } = status > 400 ? (JSON.parse(body.toString()) as { error?: string }) : {}
  return `${status} ${error}`.trim()
}

test('every line of the threat model is the name of a test', () => {
  const [, model = ''] = readFileSync('SECURITY.md', 'utf8').split('## Threat model')
  const lines = (model.split('\n## ')[0] as string).match(/(?<=^- ).+(?=\.$)/gm) ?? []
  const tests = readdirSync('test/system').map((file) =>
    readFileSync(`test/system/${file}`, 'utf8').toLowerCase(),
  )
  const untested = lines.filter((line) => {
    return !tests.some((text) => text.includes(`test('${line.toLowerCase()}'`))
  })
  expect(lines.length).toBeGreaterThan(10)
  expect(untested).toEqual([])
})

test('Without `proxy.auth` all ask any endpoint; with it only what a token names', async () => {
  const open = await startServer()
  expect(await answerTo(open, 'proxy', GET())).toBe('502 no available upstreams')
  const node = await startServer(AUTH('proxy'))
  expect(await answerTo(node, 'proxy', GET())).toBe('401 missing authorization')
  expect(await answerTo(node, 'proxy', GET(BEARER('other')))).toBe('401 endpoint not permitted')
  expect(await answerTo(node, 'proxy', GET(BEARER(ENDPOINT)))).toBe('502 no available upstreams')
})

test('No client tells a service where it comes from, or shows it the token for Piko', async () => {
  const { piko, service } = await pikoWithRawService({ serverFlags: AUTH('proxy') })
  const client = await piko.dial()
  client.send(
    GET(
      `x-piko-authorization: Bearer ${token([])}\r\nx-piko-forward: true\r\n` +
        'X-Forwarded-Host: admin.internal\r\nX-Forwarded-Proto: https\r\n' +
        'X-Forwarded-For: 10.0.0.1\r\nConnection: x-forwarded-for\r\n',
    ),
  )
  const { lines } = await (await service.connection()).head()
  const text = lines.join('\n').toLowerCase()
  expect(text).not.toMatch(/x-piko-authorization|x-piko-forward|admin\.internal|https/)
  expect(text).toContain('x-forwarded-host: h')
  expect(text).toMatch(/x-forwarded-for: .*127\.0\.0\.1$/m)
})

test('What two parsers could read differently is refused, and its connection closes', async () => {
  const node = await startServer()
  for (const fields of [
    'Host: other\r\n',
    'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n',
    'Transfer-Encoding: gzip, chunked\r\n',
    'Content-Length: 5\r\nContent-Length: 6\r\n',
  ]) {
    const wire = await dialPort(node.addresses.proxy)
    wire.send(`${GET(fields)}0\r\n\r\n${GET()}`)
    const answers = await wire.rest()
    expect(answers.match(/^HTTP\/1\.1 \d+/gm)).toEqual(['HTTP/1.1 400'])
  }
})

test('A client that is slow, silent or endless loses its connection', async () => {
  const node = await startServer(['--proxy.http.read-header-timeout', '300ms'])
  for (const [bytes, answer] of [
    ['', ''],
    ['GET / HTTP/1.1\r\nHost: h', 'HTTP/1.1 408'],
    [`GET / HTTP/1.1\r\nX: ${'x'.repeat(1_048_576)}`, 'HTTP/1.1 431'],
  ] as const) {
    const wire = await dialPort(node.addresses.proxy)
    wire.send(bytes)
    expect((await wire.rest()).slice(0, 12)).toContain(answer)
  }
})

test('Without `upstream.auth` all serve any endpoint; with it what a token names', async () => {
  const registered = '101'
  const open = await startServer()
  expect(await answerTo(open, 'upstream', REGISTER())).toBe(registered)
  const node = await startServer(AUTH('upstream'))
  expect(await answerTo(node, 'upstream', REGISTER())).toBe('401 missing authorization')
  const foreign = REGISTER(BEARER('other'))
  expect(await answerTo(node, 'upstream', foreign)).toBe('401 endpoint not permitted')
  expect(await answerTo(node, 'upstream', REGISTER(BEARER(ENDPOINT)))).toBe(registered)
})

/** A yamux frame in a WebSocket message, as an agent sends it. */
function frame(hex: string): Uint8Array {
  return encodeRaw({ opcode: OP.binary, payload: Buffer.from(hex, 'hex'), mask: [1, 2, 3, 4] })
}

test('An agent gets requests of its own endpoint, and reaches nothing by its tunnel', async () => {
  const node = await startServer()
  const agent = await dialPort(node.addresses.upstream)
  agent.send(REGISTER())
  await agent.until('\r\n\r\n')
  // A SYN of stream 1 gets an RST: agents open nothing.
  agent.send(frame('000100010000000100000000'))
  expect((await agent.bytes(14)).subarray(2).toString('hex')).toBe('000100080000000100000000')
  expect(await answerTo(node, 'proxy', GET().replace(ENDPOINT, 'others'))).toContain('502')
  expect(agent.pending).toBe('')
})

test('An agent that breaks rules or floods loses its tunnel, and nobody else does', async () => {
  const { piko, service } = await pikoWithRawService()
  const pings = Buffer.concat(
    Array.from({ length: 2_000 }, () => frame('000200010000000000000001')),
  )
  for (const bytes of [frame('ff'.repeat(12)), Buffer.from('no WebSocket'), pings]) {
    const stranger = await dialPort(piko.node.addresses.upstream)
    stranger.send(REGISTER().replace(ENDPOINT, 'strangers'))
    await stranger.until('\r\n\r\n')
    stranger.send(bytes)
    await stranger.ending()
  }
  const client = await piko.dial()
  client.send(GET())
  const connection = await service.connection()
  connection.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  expect((await client.message()).status).toBe(200)
})

test('Without `admin.auth` anybody reads status and metrics; nobody changes anything', async () => {
  const node = await startServer()
  for (const path of ['/metrics', '/status/upstream/endpoints', '/status/cluster/nodes']) {
    expect((await adminPage(node, path)).status).toBe(200)
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      const url = `http://127.0.0.1:${node.addresses.admin.port}${path}`
      expect((await fetch(url, { method })).status).toBe(405)
    }
  }
})

test('With `admin.auth` strangers learn if a node is alive and ready, and no more', async () => {
  const node = await startServer(AUTH('admin'))
  const statuses = async (paths: readonly string[]) =>
    Promise.all(paths.map(async (path) => (await adminPage(node, path)).status))
  expect(await statuses(['/health', '/ready'])).toEqual([200, 200])
  const closed = ['/metrics', '/status/cluster/nodes', '/health?forward=local', '/nothing']
  expect(await statuses(closed)).toEqual([401, 401, 401, 401])
})

test('With `?forward=` a node asks members only, and only once: never in circles', async () => {
  const [n1, n2] = (await startCluster(2)) as [ClusterMember, ClusterMember]
  const local = '/status/cluster/nodes/local'
  for (const [query, status, id] of [
    ['forward=n2', 200, 'n2'],
    // Who is asked answers himself, whatever else the query says.
    ['forward=n2&forward=n1', 200, 'n2'],
    ['forward=n2&%66orward=n1', 200, 'n2'],
    ['forward=n1', 200, 'n1'],
    ['forward=n3', 404, undefined],
    ['forward=127.0.0.1:80', 404, undefined],
    [`forward=127.0.0.1:${n2.addresses.admin.port}`, 404, undefined],
  ] as const) {
    const page = await adminPage(n1, `${local}?${query}`)
    expect([query, page.status]).toEqual([query, status])
    if (id !== undefined) expect(JSON.parse(page.text)).toMatchObject({ id })
  }
})

test('Without `cluster.secret` anybody can be a node, and is sent requests', async () => {
  const [n1, n2] = (await startCluster(2)) as [ClusterMember, ClusterMember]
  const agent = await dialPort(n2.addresses.upstream)
  agent.send(REGISTER())
  await n1.log.logged('endpoint changed')
  const client = await dialPort(n1.addresses.proxy)
  client.send(GET())
  expect(await agent.until(ENDPOINT)).toContain('GET / HTTP/1.1')
})

test('With `cluster.secret` a stranger cannot join, and learns nothing', async () => {
  const n1 = await startMember('n1', ['--cluster.secret', SECRET])
  const { host, port } = n1.addresses.gossip
  const join = ['--cluster.join', `${host}:${port}`, '--cluster.join-timeout', '500ms']
  const alone = '--cluster.abort-if-join-fails=false'
  for (const secret of [[], ['--cluster.secret', 'another']]) {
    const stranger = await startMember('n2', [...join, alone, ...secret])
    for (const node of [n1, stranger]) {
      const nodes = JSON.parse((await adminPage(node, '/status/cluster/nodes')).text) as unknown[]
      expect(nodes).toHaveLength(1)
    }
    await stranger.stop()
  }
})

test('Logs show no token, cookie, query, or value of a field named like a credential', async () => {
  const { piko, service } = await pikoWithRawService({ serverFlags: AUTH('proxy') })
  const own = token([])
  const client = await piko.dial()
  const secret = ['Authorization', 'Proxy-Authorization', 'Cookie', 'X-Api-Key', 'X-Vault-Token']
  const fields = secret.map((name) => `${name}: s3cret\r\n`).join('')
  client.send(
    GET(`x-piko-authorization: Bearer ${own}\r\n${fields}`).replace('/ ', '/?token=s3cret '),
  )
  const connection = await service.connection()
  await connection.head()
  connection.send('HTTP/1.1 200 OK\r\nSet-Cookie: s3cret\r\nContent-Length: 0\r\n\r\n')
  await client.message()
  for (const { log } of [piko.node, piko.agent]) {
    await log.logged('request')
    const everything = JSON.stringify(log.everything())
    expect(everything).not.toContain('s3cret')
    expect(everything).not.toContain(own)
  }
})
