import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { ENDPOINT, pikoWithHttpService, pikoWithRawService } from '../support/piko.ts'
import type { Piko } from '../support/piko.ts'
import type { RawService } from '../support/raw-service.ts'
import { lineNames, lineValue } from '../support/wire.ts'

/** Other protocols over an upgrade: bytes both ways, untouched, with an end for each way. */

const TO = `Host: a.example\r\nx-piko-endpoint: ${ENDPOINT}\r\n`
const ASK = `GET /chat HTTP/1.1\r\n${TO}Connection: keep-alive, Upgrade\r\nUpgrade: chat\r\n`
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n'

async function asked(piko: Piko, service: RawService, request = `${ASK}\r\n`) {
  const client = await piko.dial()
  client.send(request)
  const peer = await service.connection()
  const seen = await peer.head()
  return { client, peer, seen }
}

async function switched(piko: Piko, service: RawService) {
  const { client, peer } = await asked(piko, service)
  peer.send(SWITCH)
  await client.head()
  return { client, peer }
}

test('a WebSocket echoes hundreds of messages, and its close code arrives', async () => {
  const { piko, service } = await pikoWithHttpService(() => {})
  const sockets = new WebSocketServer({ server: service.server })
  sockets.on('connection', (socket) => {
    socket.on('message', (data: Buffer, isBinary) => {
      if (data.toString() === 'bye') socket.close(4321, 'so long')
      else socket.send(data, { binary: isBinary })
    })
  })
  const socket = new WebSocket(`ws://127.0.0.1:${piko.proxy.port}/x?y=z`, {
    headers: { 'x-piko-endpoint': ENDPOINT },
  })
  onTestFinished(() => socket.terminate())
  await once(socket, 'open')
  for (let i = 0; i < 300; i++) {
    const message = `${i} ${'x'.repeat((i * 997) % 70_000)}`
    socket.send(message)
    const [echoed] = (await once(socket, 'message')) as [Buffer]
    if (echoed.toString() !== message) throw new Error(`message ${i} came back changed`)
  }
  socket.send('bye')
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer]
  expect([code, reason.toString()]).toEqual([4321, 'so long'])
})

test('the handshake keeps its fields, and only its own connection fields', async () => {
  const { piko, service } = await pikoWithRawService()
  const { client, peer, seen } = await asked(piko, service, `${ASK}X-Own: 1\r\n\r\n`)
  expect(lineValue(seen.lines, 'upgrade')).toBe('chat')
  expect(lineValue(seen.lines, 'connection')).toBe('Upgrade')
  expect(lineValue(seen.lines, 'x-own')).toBe('1')
  peer.send(SWITCH.replace('\r\n\r\n', '\r\nX-Key: k\r\n\r\n'))
  const { start, lines } = await client.head()
  expect(start).toBe('HTTP/1.1 101 Switching Protocols')
  expect(lineNames(lines).sort()).toEqual(['connection', 'upgrade', 'x-key'])
})

test('bytes right behind the handshake are not lost, in either direction', async () => {
  const { piko, service } = await pikoWithRawService()
  const { client, peer } = await asked(piko, service, `${ASK}\r\nearly from the client`)
  peer.send(`${SWITCH}early from the service`)
  await client.head()
  expect(await client.until('service')).toBe('early from the service')
  expect(await peer.until('client')).toBe('early from the client')
})

test('what comes before the 101 is no request to a service that does not switch', async () => {
  const { piko, service } = await pikoWithRawService()
  const early = `GET /smuggled HTTP/1.1\r\n${TO}\r\n`
  const { client, peer } = await asked(piko, service, `${ASK}\r\n${early}`)
  peer.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno')
  expect((await client.message()).body.toString()).toBe('no')
  expect(await client.ending()).toBe('end')
  expect(await peer.rest()).toBe('')
})

test('each side may end its direction and go on reading', async () => {
  const { piko, service } = await pikoWithRawService()
  const { client, peer } = await switched(piko, service)
  client.send('last of the client')
  client.finish()
  expect(await peer.rest()).toBe('last of the client')
  peer.send('still talking')
  expect(await client.until('talking')).toBe('still talking')
  peer.finish()
  expect(await client.ending()).toBe('end')
  const other = await switched(piko, service)
  other.peer.send('last of the service')
  other.peer.finish()
  expect(await other.client.rest()).toBe('last of the service')
  other.client.send('still listening?')
  expect(await other.peer.until('?')).toBe('still listening?')
})

test('a reset on one side is a reset on the other', async () => {
  const { piko, service } = await pikoWithRawService()
  const first = await switched(piko, service)
  first.client.reset()
  expect(await first.peer.ending()).toBe('reset')
  const second = await switched(piko, service)
  second.peer.reset()
  expect(await second.client.ending()).toBe('reset')
})

test.each([
  ['with a length', 'Content-Length: 2\r\n\r\nno'],
  ['chunked', 'Transfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n'],
  ['until its end', '\r\nno'],
])('a service may refuse to switch, with a body %s', async (_name, rest) => {
  const { piko, service } = await pikoWithRawService()
  const { client, peer } = await asked(piko, service)
  peer.send(`HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n${rest}`)
  peer.finish()
  const answer = await client.message()
  expect([answer.status, answer.body.toString()]).toEqual([401, 'no'])
  expect(lineValue(answer.lines, 'www-authenticate')).toBe('Basic')
  expect(await client.ending()).toBe('end')
  client.finish()
  await expect.poll(async () => piko.metric('piko_proxy_requests_in_flight')).toBe(0)
})

test.each([
  ['with a length', 'Content-Length: 4\r\n\r\nbody'],
  ['chunked', 'Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n'],
])('an upgrade request with a body %s is an ordinary request', async (_name, rest) => {
  const { piko, service } = await pikoWithRawService()
  const client = await piko.dial()
  client.send(ASK.replace('GET', 'POST') + rest)
  const peer = await service.connection()
  const seen = await peer.message()
  expect([lineNames(seen.lines).includes('upgrade'), seen.body.toString()]).toEqual([false, 'body'])
  peer.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi')
  expect((await client.message()).body.toString()).toBe('hi')
  // The connection serves the next request as well.
  client.send(`GET / HTTP/1.1\r\n${TO}\r\n`)
  await peer.head()
  peer.send('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes')
  expect((await client.message()).body.toString()).toBe('yes')
})

test('an upgrade to nowhere is a 502, and its connection closes', async () => {
  const { piko, service } = await pikoWithRawService()
  await service.close()
  const client = await piko.dial()
  client.send(`${ASK}\r\n`)
  expect((await client.message()).status).toBe(502)
  expect(await client.ending()).toBe('end')
})

test('a refused client that never ends its side is let go after a while', async () => {
  const { piko, service } = await pikoWithRawService()
  const { client, peer } = await asked(piko, service)
  peer.send('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')
  await client.message()
  const inFlight = async () => piko.metric('piko_proxy_requests_in_flight')
  await expect.poll(inFlight, { timeout: 10_000 }).toBe(0)
})

test('a client that leaves while it waits for the 101 is missed by the service', async () => {
  const { piko, service } = await pikoWithRawService()
  for (const leave of ['finish', 'reset'] as const) {
    const { client, peer } = await asked(piko, service)
    client[leave]()
    expect(await peer.rest()).toBe('')
  }
  await expect.poll(async () => piko.metric('piko_proxy_requests_in_flight')).toBe(0)
})

test('an upgrade behind an unanswered request ends the connection', async () => {
  const { piko, service } = await pikoWithRawService()
  const { client } = await asked(piko, service, `GET / HTTP/1.1\r\n${TO}\r\n`)
  client.send(`${ASK}\r\n`)
  expect(['end', 'reset']).toContain(await client.ending())
  expect(service.accepted).toBe(1)
})

test('what was switched outlives every timeout', async () => {
  const flags = { agentFlags: ['--timeout', '30ms'], serverFlags: ['--proxy.timeout', '30ms'] }
  const { piko, service } = await pikoWithRawService(flags)
  const { client, peer } = await switched(piko, service)
  // Somebody else's request runs into the same timeouts meanwhile.
  const slow = await piko.dial()
  slow.send(`GET / HTTP/1.1\r\n${TO}\r\n`)
  expect((await slow.message()).status).toBe(504)
  client.send('ping')
  expect(await peer.until('ping')).toBe('ping')
})
