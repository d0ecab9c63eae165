import { expect, onTestFinished, test } from 'vitest'
import { leavesOf } from '../../src/config/section.ts'
import { LIMITS } from '../../src/server/limits/exceeded-limits.ts'
import { serverConfig } from '../../src/server/config.ts'
import { encodeRaw, OP } from '../conformance/raw-frame.ts'
import { metricOf } from '../support/cluster.ts'
import { dialPort, ENDPOINT, pikoWithRawService, startServer } from '../support/piko.ts'
import type { RunningServer } from '../support/piko.ts'
import type { Wire } from '../support/wire.ts'

/** What happens beyond each limit: a clear answer or an end, a metric, and nothing else. */

const exceeded = async (node: RunningServer, limit: string): Promise<number> =>
  metricOf(node, `piko_limits_exceeded_total{limit="${limit}"}`)

const GET = `GET / HTTP/1.1\r\nHost: h\r\nx-piko-endpoint: ${ENDPOINT}\r\n`
const UPGRADE =
  'Host: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n'
const TUNNEL = `GET /piko/v1/upstream/${ENDPOINT} HTTP/1.1\r\n${UPGRADE}`
/** Strangers of these tests come from the loopback address. */
const NOBODY_EXEMPT = (port: string) => [`--${port}.limits.exempt`, '192.0.2.1']

test('every counted limit is a setting, or is said to be none', () => {
  const leaves = [...leavesOf(serverConfig)]
  const settings = new Set(leaves.map(({ path }) => path.join('.')))
  const fixed = LIMITS.filter((limit) => !settings.has(limit))
  expect(fixed).toEqual(['flood', 'unsent_bytes'])
})

test.each(['proxy', 'upstream', 'admin'] as const)(
  'the %s port has a connection too many from one address: 429, and it closes',
  async (port) => {
    const limit = [`--${port}.limits.max-connections-per-address`, '2']
    const node = await startServer([...NOBODY_EXEMPT(port), ...limit])
    const first = await dialPort(node.addresses[port])
    const second = await dialPort(node.addresses[port])
    const third = await dialPort(node.addresses[port])
    expect(await third.rest()).toMatch(/^HTTP\/1\.1 429 .*too many connections from this addr/s)
    // The others are served.
    const answered = port === 'proxy' ? 'HTTP/1.1 400' : 'HTTP/1.1 404'
    for (const wire of [first, second]) {
      wire.send('GET /nothing HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
      expect(await wire.rest()).toContain(answered)
    }
    if (port === 'admin') return
    expect(await exceeded(node, `${port}.limits.max_connections_per_address`)).toBe(1)
  },
)

test('who is exempt, or a trusted proxy, opens as many connections as he likes', async () => {
  const one = ['--proxy.limits.max-connections-per-address', '1']
  const trusted = ['--proxy.trusted-proxies', '127.0.0.1', ...NOBODY_EXEMPT('proxy')]
  for (const flags of [one, [...one, ...trusted]]) {
    const node = await startServer(flags)
    for (let i = 0; i < 3; i++) {
      const wire = await dialPort(node.addresses.proxy)
      wire.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
      expect(await wire.until('\r\n')).toBe('HTTP/1.1 400 Bad Request\r\n')
    }
  }
})

test('a connection too many altogether is closed unread', async () => {
  const node = await startServer(['--proxy.limits.max-connections', '1'])
  const first = await dialPort(node.addresses.proxy)
  const second = await dialPort(node.addresses.proxy)
  expect(await second.rest()).toBe('')
  first.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  expect(await first.until('\r\n')).toBe('HTTP/1.1 400 Bad Request\r\n')
  expect(await exceeded(node, 'proxy.limits.max_connections')).toBe(1)
})

test('a head that is too slow gets a 408, one too large and one too long a 431', async () => {
  const node = await startServer([
    '--proxy.http.read-header-timeout=500ms',
    '--proxy.http.max-header-bytes=2KiB',
    '--proxy.http.max-headers=5',
  ])
  const refused = async (text: string): Promise<string> => {
    const wire = await dialPort(node.addresses.proxy)
    wire.send(text)
    return (await wire.rest()).split('\r\n')[0] as string
  }
  expect(await refused('GET / HTTP/1.1\r\nHost: ')).toContain(' 408 ')
  expect(await refused(`${GET}X: ${'x'.repeat(3_000)}\r\n\r\n`)).toContain(' 431 ')
  expect(await refused(`${GET}${'X: x\r\n'.repeat(4)}\r\n`)).toContain(' 431 ')
  const limits = ['read_header_timeout', 'max_header_bytes', 'max_headers']
  const counts = limits.map(async (name) => exceeded(node, `proxy.http.${name}`))
  expect(await Promise.all(counts)).toEqual([1, 1, 1])
})

test('a body that stands still gets a 408, and the service sees its connection close', async () => {
  const { piko, service } = await pikoWithRawService({
    serverFlags: ['--proxy.http.read-timeout', '1s'],
  })
  const client = await piko.dial()
  client.send(`${GET.replace('GET', 'POST')}Content-Length: 10\r\n\r\nhalf`)
  const connection = await service.connection()
  await connection.until('half')
  const answer = await client.message()
  expect([answer.status, answer.body.toString()]).toEqual([408, '{"error":"request timeout"}'])
  await connection.ending()
  expect(await exceeded(piko.node, 'proxy.http.read_timeout')).toBe(1)
})

test('a body whose upstream does not read is not the client’s fault', async () => {
  const { piko, service } = await pikoWithRawService({
    serverFlags: ['--proxy.http.read-timeout', '1s', '--proxy.timeout', '4s'],
  })
  const client = await piko.dial()
  client.send(`${GET.replace('GET', 'POST')}Content-Length: 100000000\r\n\r\n`)
  const connection = await service.connection()
  connection.socket.pause()
  client.send(Buffer.alloc(30_000_000))
  expect((await client.message()).status).toBe(504)
  expect(await exceeded(piko.node, 'proxy.http.read_timeout')).toBe(0)
})

test('a client that takes nothing of its answer is cut, and the service sees it', async () => {
  const { piko, service } = await pikoWithRawService({
    serverFlags: ['--proxy.http.write-timeout', '1s'],
  })
  const client = await piko.dial()
  client.send(`${GET}\r\n`)
  const connection = await service.connection()
  await connection.until('\r\n\r\n')
  client.socket.pause()
  connection.send('HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n')
  connection.send(Buffer.alloc(30_000_000))
  await connection.ending()
  expect(await exceeded(piko.node, 'proxy.http.write_timeout')).toBe(1)
})

test('a tunnel too many gets a 503, and one too many from one address a 429', async () => {
  for (const [flag, status] of [
    ['max-tunnels', 503],
    ['max-tunnels-per-address', 429],
  ] as const) {
    const limit = `--upstream.limits.${flag}`
    const node = await startServer([...NOBODY_EXEMPT('upstream'), limit, '1'])
    const first = await dialPort(node.addresses.upstream)
    first.send(TUNNEL)
    await first.until('\r\n\r\n')
    const second = await dialPort(node.addresses.upstream)
    second.send(TUNNEL)
    expect((await second.message()).status).toBe(status)
    first.reset()
    await node.log.logged('upstream disconnected')
    const third = await dialPort(node.addresses.upstream)
    third.send(TUNNEL)
    expect(await third.until('\r\n')).toContain(' 101 ')
    expect(await exceeded(node, `upstream.limits.${flag.replaceAll('-', '_')}`)).toBe(1)
  }
})

test('who does not ask for a tunnel in time gets a 408', async () => {
  const node = await startServer(['--upstream.limits.handshake-timeout', '200ms'])
  const wire = await dialPort(node.addresses.upstream)
  wire.send('GET /piko')
  expect((await wire.message()).status).toBe(408)
  expect(await exceeded(node, 'upstream.limits.handshake_timeout')).toBe(1)
})

/** A listener that the test plays by hand. */
async function listener(flags: readonly string[]): Promise<{ node: RunningServer; wire: Wire }> {
  const node = await startServer(flags)
  const wire = await dialPort(node.addresses.upstream)
  wire.send(TUNNEL)
  await wire.until('\r\n\r\n')
  await node.log.logged('upstream connected')
  return { node, wire }
}

const message = (payload: Uint8Array): Uint8Array =>
  encodeRaw({ opcode: OP.binary, payload, mask: [1, 2, 3, 4] })

test('a WebSocket message that is too big ends its tunnel, and says so', async () => {
  const { node, wire } = await listener(['--upstream.limits.max-message-bytes', '600KiB'])
  wire.send(message(Buffer.alloc(600 * 1024 + 1)))
  const close = Buffer.from(await wire.rest(), 'latin1')
  expect([close[0], close.readUInt16BE(2)]).toEqual([0x88, 1009])
  await node.log.logged('upstream disconnected')
  expect(await exceeded(node, 'upstream.limits.max_message_bytes')).toBe(1)
})

test('a flood of pings ends its tunnel', async () => {
  const { node, wire } = await listener([])
  const ping = Buffer.from('000200010000000000000001', 'hex')
  wire.send(message(Buffer.concat(Array.from({ length: 3_000 }, () => ping))))
  await node.log.logged('upstream disconnected')
  expect(await exceeded(node, 'flood')).toBe(1)
})

test('who floods gets no connection to the upstream port for a while', async () => {
  const { node, wire } = await listener([...NOBODY_EXEMPT('upstream')])
  const crumb = message(Uint8Array.of(0))
  wire.send(Buffer.concat(Array.from({ length: 20_100 }, () => crumb)))
  await node.log.logged('upstream disconnected')
  const again = await dialPort(node.addresses.upstream)
  again.send('GET /piko/v1/upstream/e HTTP/1.1\r\n\r\n')
  await expect.poll(async () => exceeded(node, 'upstream.limits.flood_ban')).toBe(1)
  expect(await exceeded(node, 'flood')).toBe(1)
  // Clients on the other port may share the address.
  const client = await dialPort(node.addresses.proxy)
  client.send(`${GET}\r\n`)
  expect((await client.message()).status).toBe(502)
  // He was not told anything, not even to go.
  await node.stop()
  expect(await again.rest()).toBe('')
})

test.each(['proxy', 'upstream'] as const)(
  'who floods the %s port with heads that nobody can read gets no answer for a while',
  async (port) => {
    const node = await startServer(NOBODY_EXEMPT(port))
    const strangers: Wire[] = []
    const first = await dialPort(node.addresses[port])
    first.send('no HTTP\r\n\r\n')
    expect((await first.message()).status).toBe(400)
    // As many within a second as make a flood, on machines of any speed.
    while ((await exceeded(node, `${port}.limits.flood_ban`)) === 0) {
      const wires = Array.from({ length: 30 }, async () => dialPort(node.addresses[port]))
      strangers.push(...(await Promise.all(wires)))
      for (const wire of strangers.slice(-wires.length)) wire.send('no HTTP\r\n\r\n')
    }
    await node.stop()
    const answers = await Promise.all(strangers.map(async (wire) => wire.rest()))
    expect(new Set(answers.map((answer) => answer.slice(0, 12)))).toEqual(
      new Set(['HTTP/1.1 400', '']),
    )
  },
)

test.each(['proxy', 'upstream'] as const)(
  'who sends the %s port a head without an end gets no answer for a while',
  async (port) => {
    const node = await startServer(NOBODY_EXEMPT(port))
    const endless = await dialPort(node.addresses[port])
    endless.send('GET / HTTP/1.1\r\nHost: a.b\r\n')
    const field = `X-More: ${'x'.repeat(1_000)}\r\n`
    const isBanned = async () => {
      endless.send(field.repeat(50))
      const wire = await dialPort(node.addresses[port])
      wire.send('GET / HTTP/1.1\r\nHost: a.b\r\n\r\n')
      return exceeded(node, `${port}.limits.flood_ban`)
    }
    await expect.poll(isBanned).toBeGreaterThan(0)
  },
)

test.each([
  ['empty messages', OP.binary, 20_100],
  ['WebSocket pings', OP.ping, 1_100],
] as const)('a flood of %s ends its tunnel', async (_, opcode, count) => {
  const { node, wire } = await listener([])
  const frame = encodeRaw({ opcode, payload: Buffer.of(), mask: [1, 2, 3, 4] })
  wire.send(Buffer.concat(Array.from({ length: count }, () => frame)))
  await node.log.logged('upstream disconnected')
  expect(await exceeded(node, 'flood')).toBe(1)
})

test('a tunnel with as many streams as it may have gets no more', async () => {
  const { piko, service } = await pikoWithRawService({
    serverFlags: ['--upstream.limits.max-streams-per-tunnel', '1'],
  })
  const first = await piko.dial()
  first.send(`${GET}\r\n`)
  const connection = await service.connection()
  await connection.head()
  const second = await piko.dial()
  second.send(`${GET}\r\n`)
  expect((await second.message()).status).toBe(502)
  connection.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  expect((await first.message()).body.toString()).toBe('ok')
  const limit = 'upstream.limits.max_streams_per_tunnel'
  expect(await exceeded(piko.node, limit)).toBeGreaterThanOrEqual(1)
})

test('answers that nobody reads are cut at the bound of the node, others go on', async () => {
  const { piko, service } = await pikoWithRawService({
    serverFlags: ['--limits.max-buffered-bytes', '1MiB'],
  })
  const open = async () => {
    const client = await piko.dial()
    client.send(`${GET}\r\n`)
    const connection = await service.connection()
    await connection.head()
    return { client, connection }
  }
  const flowing = await open()
  flowing.connection.send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n')
  await flowing.client.head()
  const greedy: Awaited<ReturnType<typeof open>>[] = []
  while (greedy.length < 8) greedy.push(await open())
  const bytes = Buffer.alloc(16 * 1024 * 1024)
  for (const { client, connection } of greedy) {
    client.socket.pause()
    connection.send('HTTP/1.1 200 OK\r\nContent-Length: 16777216\r\n\r\n')
    connection.send(bytes)
  }
  onTestFinished(() => greedy.forEach(({ connection }) => connection.socket.destroy()))
  await piko.node.log.entry('limit exceeded', ({ limit }) => limit === 'limits.max_buffered_bytes')
  flowing.connection.send(Buffer.alloc(100, 'x'))
  expect(await flowing.client.bytes(100)).toHaveLength(100)
  expect(await metricOf(piko.node, 'piko_buffered_bytes')).toBeLessThanOrEqual(1024 * 1024)
})
