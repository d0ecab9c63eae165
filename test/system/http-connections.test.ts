import { expect, test } from 'vitest'
import { ENDPOINT, pikoWithRawService } from '../support/piko.ts'
import { lineValue } from '../support/wire.ts'

/** Connections of clients and to services: kept, shared out in order, and given up in time. */

const TO = `Host: a.example\r\nx-piko-endpoint: ${ENDPOINT}\r\n`
const get = (path: string, version = '1.1') => `GET ${path} HTTP/${version}\r\n${TO}\r\n`
const ok = (body: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`

test('pipelined requests are answered in order, however slow the first is', async () => {
  const { piko, service } = await pikoWithRawService()
  const client = await piko.dial()
  client.send(get('/1') + get('/2') + get('/3'))
  const peers = new Map()
  for (let i = 0; i < 3; i++) {
    const peer = await service.connection()
    peers.set((await peer.head()).start.split(' ')[1], peer)
  }
  for (const path of ['/3', '/2', '/1']) peers.get(path).send(ok(path))
  for (const path of ['/1', '/2', '/3']) {
    expect((await client.message()).body.toString()).toBe(path)
  }
})

test('a pipelined answer that breaks off does not spoil the one before it', async () => {
  const { piko, service } = await pikoWithRawService()
  const client = await piko.dial()
  client.send(get('/1'))
  const first = await service.connection()
  client.send(get('/2'))
  const second = await service.connection()
  second.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc')
  second.finish()
  first.send(ok('one'))
  expect((await client.message()).body.toString()).toBe('one')
  expect(await client.rest()).not.toContain('\r\n\r\nabc1')
})

test('garbage behind a request leaves its answer alone', async () => {
  const { piko, service } = await pikoWithRawService()
  const client = await piko.dial()
  client.send(`${get('/')}\x01garbage\r\n\r\n`)
  const peer = await service.connection()
  await peer.head()
  peer.send(ok('answer'))
  expect((await client.message()).body.toString()).toBe('answer')
  expect(await client.rest()).toBe('')
})

test('hundreds of pipelined requests warn of no leak', async () => {
  const warnings: Error[] = []
  const note = (warning: Error) => warnings.push(warning)
  process.on('warning', note)
  const { piko, service } = await pikoWithRawService()
  await service.close()
  const client = await piko.dial()
  client.send(get('/').repeat(200))
  for (let i = 0; i < 200; i++) await client.message()
  process.off('warning', note)
  expect(warnings).toEqual([])
})

test('an HTTP/1.0 client is served with and without Host, until the connection ends', async () => {
  const { piko, service } = await pikoWithRawService()
  for (const host of ['Host: a.example\r\n', '']) {
    const client = await piko.dial()
    client.send(`GET / HTTP/1.0\r\n${host}x-piko-endpoint: ${ENDPOINT}\r\n\r\n`)
    const peer = await service.connection()
    const { start, lines } = await peer.head()
    expect([start, lineValue(lines, 'host')]).toEqual(['GET / HTTP/1.1', host ? 'a.example' : ''])
    peer.send('HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n')
    peer.send('3\r\nabc\r\n0\r\n\r\n')
    const answer = await client.message()
    expect(answer.body.toString()).toBe('abc')
    expect(lineValue(answer.lines, 'transfer-encoding')).toBeUndefined()
  }
})

test('an HTTP/1.0 client may ask to keep its connection', async () => {
  const { piko, service } = await pikoWithRawService()
  const client = await piko.dial()
  const keep = `GET / HTTP/1.0\r\n${TO}Connection: keep-alive\r\n\r\n`
  client.send(keep)
  const peer = await service.connection()
  await peer.head()
  peer.send(ok('one'))
  expect((await client.message()).body.toString()).toBe('one')
  client.send(keep)
  await peer.head()
  peer.send(ok('two'))
  expect((await client.message()).body.toString()).toBe('two')
})

test('one connection to the service serves request after request', async () => {
  const { piko, service } = await pikoWithRawService()
  const client = await piko.dial()
  client.send(get('/0'))
  const peer = await service.connection()
  for (let i = 0; i < 20; i++) {
    expect((await peer.head()).start).toBe(`GET /${i} HTTP/1.1`)
    peer.send(ok('x'))
    await client.message()
    client.send(get(`/${i + 1}`))
  }
  await peer.head()
  expect(service.accepted).toBe(1)
})

test.each([
  [
    'that closes when it is done',
    'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
  ],
  ['of HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n'],
])('a service %s gets a new connection for the next request', async (_name, answer) => {
  const { piko, service } = await pikoWithRawService()
  const client = await piko.dial()
  for (let i = 0; i < 2; i++) {
    client.send(get('/'))
    const peer = await service.connection()
    await peer.head()
    peer.send(answer)
    await client.message()
  }
  expect(service.accepted).toBe(2)
})

test('what lies behind an answer is nobody else’s answer', async () => {
  const { piko, service } = await pikoWithRawService()
  const client = await piko.dial()
  client.send(get('/'))
  const peer = await service.connection()
  await peer.head()
  peer.send(ok('mine') + ok('planted'))
  expect((await client.message()).body.toString()).toBe('mine')
  client.send(get('/'))
  const next = await service.connection()
  await next.head()
  next.send(ok('right'))
  expect((await client.message()).body.toString()).toBe('right')
})

/** A kept connection on which the service hangs up just as a request arrives. */
async function raced(leave: 'finish' | 'reset', request: string) {
  const { piko, service } = await pikoWithRawService()
  const client = await piko.dial()
  client.send(get('/'))
  const peer = await service.connection()
  await peer.head()
  peer.send(ok('x'))
  await client.message()
  client.send(request)
  await peer.head()
  peer[leave]()
  return { client, service, peer }
}

test.each(['finish', 'reset'] as const)(
  'a GET that met a connection on its end (%s) is sent again on a new one',
  async (leave) => {
    const { client, service, peer } = await raced(leave, get('/again'))
    const next = await service.connection()
    expect((await next.head()).start).toBe('GET /again HTTP/1.1')
    // The old one is given up, and what becomes of it disturbs nobody.
    await peer.ending()
    next.send(ok('yes'))
    expect((await client.message()).body.toString()).toBe('yes')
    client.send(get('/more'))
    await next.head()
    next.send(ok('more'))
    expect((await client.message()).body.toString()).toBe('more')
    expect(service.accepted).toBe(2)
  },
)

test.each(['POST', 'PATCH'])('a %s is never sent twice', async (method) => {
  const request = `${method} / HTTP/1.1\r\n${TO}Content-Length: 0\r\n\r\n`
  const { client, service } = await raced('finish', request)
  expect((await client.message()).status).toBe(502)
  expect(service.accepted).toBe(1)
})

test('a client that stops in the middle of its body gets a 408', async () => {
  const serverFlags = ['--proxy.http.read-timeout', '100ms']
  const { piko, service } = await pikoWithRawService({ serverFlags })
  const client = await piko.dial()
  client.send(`POST / HTTP/1.1\r\n${TO}Content-Length: 10\r\n\r\nhalf`)
  await service.connection()
  expect((await client.message()).start).toBe('HTTP/1.1 408 Request Timeout')
})
