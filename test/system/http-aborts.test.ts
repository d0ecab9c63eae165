import { expect, test } from 'vitest'
import { ENDPOINT, pikoWithRawService } from '../support/piko.ts'
import type { Piko } from '../support/piko.ts'
import type { RawService } from '../support/raw-service.ts'
import { lineValue } from '../support/wire.ts'

/** Whoever leaves early is noticed at the other end, and a cut never looks like an end. */

const TO = `Host: a.example\r\nx-piko-endpoint: ${ENDPOINT}\r\n`
const GET = `GET / HTTP/1.1\r\n${TO}\r\n`
const UNREACHABLE = '{"error":"upstream unreachable"}\n'

async function opened(piko: Piko, service: RawService, request = GET) {
  const client = await piko.dial()
  client.send(request)
  const peer = await service.connection()
  await peer.head()
  return { client, peer }
}

/** How many requests the node still has, once it has heard of the end of those that ended. */
const inFlight = (piko: Piko) =>
  expect.poll(async () => piko.metric('piko_proxy_requests_in_flight'))

const LEAVES = ['finish', 'reset'] as const

test.each(LEAVES)(
  'a client that leaves (%s) before the head is missed by the service',
  async (leave) => {
    const { piko, service } = await pikoWithRawService()
    const { client, peer } = await opened(piko, service)
    client[leave]()
    expect(await peer.rest()).toBe('')
    await inFlight(piko).toBe(0)
  },
)

test.each(LEAVES)(
  'a client that leaves (%s) mid-answer is missed by the service',
  async (leave) => {
    const { piko, service } = await pikoWithRawService()
    const { client, peer } = await opened(piko, service)
    peer.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc')
    await client.until('abc')
    client[leave]()
    expect(await peer.rest()).toBe('')
    await inFlight(piko).toBe(0)
  },
)

test.each(LEAVES)(
  'a client that leaves (%s) mid-upload is missed by the service',
  async (leave) => {
    const { piko, service } = await pikoWithRawService()
    for (const framing of [
      'Content-Length: 10\r\n\r\nabc',
      'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
    ]) {
      const request = `POST / HTTP/1.1\r\n${TO}${framing}`
      const { client, peer } = await opened(piko, service, request)
      await peer.until('abc')
      client[leave]()
      // No last chunk: the service can tell that it has not got everything.
      expect(await peer.rest()).not.toContain('0\r\n')
    }
    await inFlight(piko).toBe(0)
  },
)

test.each(LEAVES)('a service that dies (%s) before its head is a 502', async (leave) => {
  const { piko, service } = await pikoWithRawService()
  const { client, peer } = await opened(piko, service)
  peer[leave]()
  const { status, lines, body } = await client.message()
  expect([status, body.toString()]).toEqual([502, UNREACHABLE])
  expect(lineValue(lines, 'content-type')).toBe('application/json')
  expect(lineValue(lines, 'x-content-type-options')).toBe('nosniff')
})

test.each(LEAVES)('a service that dies (%s) in the middle of its head is a 502', async (leave) => {
  const { piko, service } = await pikoWithRawService()
  const { client, peer } = await opened(piko, service)
  peer.send('HTTP/1.1 200 OK\r\nContent-Le')
  peer[leave]()
  expect((await client.message()).status).toBe(502)
})

test.each([
  ['no HTTP at all', 'SSH-2.0-OpenSSH\r\n\r\n'],
  ['bare line feeds', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'],
  ['both framings', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
  ['a 101 that nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n'],
])('an answer with %s is a 502', async (_name, answer) => {
  const { piko, service } = await pikoWithRawService()
  const { client, peer } = await opened(piko, service)
  peer.send(answer)
  expect((await client.message()).status).toBe(502)
  await peer.ending()
})

test.each(LEAVES)(
  'a service that dies (%s) mid-body leaves a client with a cut body',
  async (leave) => {
    const { piko, service } = await pikoWithRawService()
    for (const framing of [
      'Content-Length: 10\r\n\r\nabc',
      'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
    ]) {
      const { client, peer } = await opened(piko, service)
      peer.send(`HTTP/1.1 200 OK\r\n${framing}`)
      await client.until('abc')
      peer[leave]()
      expect(await client.rest()).not.toContain('0\r\n')
    }
    await inFlight(piko).toBe(0)
  },
)

test('right behind its head as well', async () => {
  const { piko, service } = await pikoWithRawService()
  const { client, peer } = await opened(piko, service)
  peer.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
  await client.head()
  peer.reset()
  expect(await client.rest()).toBe('')
})

test('a malformed chunk cuts the answer', async () => {
  const { piko, service } = await pikoWithRawService()
  const { client, peer } = await opened(piko, service)
  peer.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
  await client.until('abc')
  peer.send('xyz\r\n')
  expect(await client.rest()).not.toContain('0\r\n')
})

test('a cut answer to HTTP/1.0 is a reset: a plain end would call it complete', async () => {
  const { piko, service } = await pikoWithRawService()
  const { client, peer } = await opened(piko, service, `GET / HTTP/1.0\r\n${TO}\r\n`)
  peer.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
  await client.until('abc')
  peer.reset()
  expect(await client.ending()).toBe('reset')
})

test('an answer that ends with its connection is complete when that ends in order', async () => {
  const { piko, service } = await pikoWithRawService()
  const { client, peer } = await opened(piko, service)
  peer.send('HTTP/1.0 200 OK\r\n\r\nabc')
  peer.finish()
  expect((await client.message()).body.toString()).toBe('abc')
})

test('an answer that ends with its connection is cut when that is reset', async () => {
  const { piko, service } = await pikoWithRawService()
  const { client, peer } = await opened(piko, service)
  peer.send('HTTP/1.0 200 OK\r\n\r\nabc')
  await client.until('abc')
  peer.reset()
  expect(await client.rest()).not.toContain('0\r\n')
})

const UPLOAD_BYTES = 8 * 1024 * 1024
const UPLOAD = `PUT / HTTP/1.1\r\n${TO}Content-Length: ${UPLOAD_BYTES}\r\n`
const TOO_LARGE = 'HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig'

test('an answer may come before the upload is over, and the connection stays usable', async () => {
  const { piko, service } = await pikoWithRawService()
  const { client, peer } = await opened(piko, service, `${UPLOAD}\r\n`)
  peer.send(TOO_LARGE)
  expect((await client.message()).body.toString()).toBe('big')
  // Whoever goes on with the upload has the rest of it taken and dropped.
  client.send(Buffer.alloc(UPLOAD_BYTES))
  client.send(GET)
  const next = await service.connection()
  await next.head()
  next.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  expect((await client.message()).status).toBe(200)
  await peer.ending()
})

test.each([
  ['which goes on reading', false],
  ['which closes at once', true],
])('a client in mid-upload gets the early answer of a service %s', async (_name, closes) => {
  const { piko, service } = await pikoWithRawService()
  for (const fields of ['', 'Connection: close\r\n']) {
    const { client, peer } = await opened(piko, service, `${UPLOAD}${fields}\r\n`)
    client.send(Buffer.alloc(UPLOAD_BYTES / 2))
    await peer.bytes(1)
    peer.send(TOO_LARGE)
    if (closes) peer.socket.destroySoon()
    expect((await client.message()).body.toString()).toBe('big')
    client.send(Buffer.alloc(UPLOAD_BYTES / 2))
    client.finish()
    expect(await client.ending()).toBe('end')
  }
})

test('what is uploaded while no service is there is dropped, and the answer is a 502', async () => {
  const { piko, service } = await pikoWithRawService()
  await service.close()
  const client = await piko.dial()
  client.send(`${UPLOAD}Connection: close\r\n\r\n`)
  client.send(Buffer.alloc(UPLOAD_BYTES))
  const { status, body } = await client.message()
  expect([status, body.toString()]).toEqual([502, UNREACHABLE])
  expect(await client.ending()).toBe('end')
})

test('a service that begins no answer in time is a 504, at the agent and at the node', async () => {
  const flags = [
    [{ agentFlags: ['--timeout', '50ms'] }],
    [{ serverFlags: ['--proxy.timeout', '50ms'] }],
  ] as const
  for (const [options] of flags) {
    const { piko, service } = await pikoWithRawService(options)
    const { client, peer } = await opened(piko, service)
    const { status, body } = await client.message()
    expect([status, body.toString()]).toEqual([504, '{"error":"upstream timeout"}\n'])
    await peer.ending()
  }
})
