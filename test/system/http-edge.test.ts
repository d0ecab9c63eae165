import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ENDPOINT, pikoWithRawService } from '../support/piko.ts'
import type { Piko } from '../support/piko.ts'
import type { RawService } from '../support/raw-service.ts'
import { lineNames, lineValue } from '../support/wire.ts'
import type { Wire } from '../support/wire.ts'

/** What the edge lets in, what it makes of it, and what it refuses before any service sees it. */

const HOST = 'Host: a.example\r\n'
const TO = `${HOST}x-piko-endpoint: ${ENDPOINT}\r\n`
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'

/** Sends raw bytes and reads the answer that the edge gives by itself. */
async function refusal(piko: Piko, service: RawService, bytes: string) {
  const client = await piko.dial()
  client.send(bytes)
  const { status, body } = await client.message()
  const end = await client.ending()
  expect(service.accepted).toBe(0)
  expect(client.pending).toBe('')
  return { status, error: (JSON.parse(body.toString()) as { error: string }).error, end }
}

/** Sends raw bytes, lets the service answer, and gives what each side saw. */
async function passage(piko: Piko, service: RawService, bytes: string) {
  const client = await piko.dial()
  client.send(bytes)
  const peer = await service.connection()
  const seen = await peer.message()
  peer.send(OK)
  const answer = await client.message()
  expect(answer.status).toBe(200)
  return { seen, answer, client, peer }
}

test.each([
  ['no Host', `GET / HTTP/1.1\r\nx-piko-endpoint: ${ENDPOINT}\r\n\r\n`, 'missing host'],
  ['two Hosts', `GET / HTTP/1.1\r\n${TO}Host: b.example\r\n\r\n`, 'more than one host'],
  ['the same Host twice', `GET / HTTP/1.1\r\n${TO}${HOST}\r\n`, 'more than one host'],
  ['an empty Host', `GET / HTTP/1.1\r\nHost:\r\nx-piko-endpoint: e\r\n\r\n`, 'invalid host'],
  ['userinfo in Host', 'GET / HTTP/1.1\r\nHost: u@my-endpoint.b\r\n\r\n', 'invalid host'],
  ['a path in Host', 'GET / HTTP/1.1\r\nHost: my-endpoint.b/c\r\n\r\n', 'invalid host'],
  ['a comma in Host', 'GET / HTTP/1.1\r\nHost: my-endpoint.b,c.d\r\n\r\n', 'invalid host'],
  ['a blank in Host', 'GET / HTTP/1.1\r\nHost: my-endpoint.b c\r\n\r\n', 'invalid host'],
  ['GET *', `GET * HTTP/1.1\r\n${TO}\r\n`, 'invalid target'],
  ['userinfo in the target', `GET http://u@a.b/ HTTP/1.1\r\n${TO}\r\n`, 'invalid target'],
  ['another scheme', `GET ftp://a.b/ HTTP/1.1\r\n${TO}\r\n`, 'invalid target'],
])('%s: 400, and the connection closes', async (_name, bytes, error) => {
  const { piko, service } = await pikoWithRawService()
  expect(await refusal(piko, service, bytes)).toEqual({ status: 400, error, end: 'end' })
})

/** Requests in which two parsers could see two different ends: the core of request smuggling. */
const SMUGGLED = `0\r\n\r\nGET /smuggled HTTP/1.1\r\n${TO}\r\n`

test.each([
  ['both framings', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n'],
  ['both framings, reversed', 'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n'],
  ['chunked beside an empty length', 'Transfer-Encoding: chunked\r\nContent-Length:\r\n'],
  ['an empty length', 'Content-Length:\r\n'],
  ['a signed length', 'Content-Length: +5\r\n'],
  ['a negative length', 'Content-Length: -5\r\n'],
  ['a hexadecimal length', 'Content-Length: 0x5\r\n'],
  ['two lengths', 'Content-Length: 5\r\nContent-Length: 6\r\n'],
  ['a list of lengths', 'Content-Length: 5, 5\r\n'],
  ['a length beyond all numbers', 'Content-Length: 99999999999999999999\r\n'],
  ['an unknown coding', 'Transfer-Encoding: xchunked\r\n'],
  ['identity', 'Transfer-Encoding: identity\r\n'],
  ['an empty coding', 'Transfer-Encoding:\r\n'],
  ['chunked twice', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n'],
  ['chunked in a list', 'Transfer-Encoding: chunked, chunked\r\n'],
  ['another coding before', 'Transfer-Encoding: gzip, chunked\r\n'],
  ['another coding behind', 'Transfer-Encoding: chunked, identity\r\n'],
  ['a quoted coding', 'Transfer-Encoding: "chunked"\r\n'],
  ['a blank before the colon', 'Transfer-Encoding : chunked\r\n'],
  ['a folded coding', 'Transfer-Encoding:\r\n chunked\r\n'],
  ['a line that begins with a blank', ' Transfer-Encoding: chunked\r\n'],
  ['a bare line feed', 'X: y\nTransfer-Encoding: chunked\r\n'],
  ['a bare carriage return', 'X: y\rTransfer-Encoding: chunked\r\n'],
  ['a zero byte', 'X: y\0z\r\n'],
  ['a vertical tab in a coding', 'Transfer-Encoding: \x0bchunked\r\n'],
  ['a field without a name', ': y\r\n'],
  ['a field without a colon', 'Transfer-Encoding\r\n'],
])('%s is refused before a service sees anything', async (_name, fields) => {
  const { piko, service } = await pikoWithRawService()
  const bytes = `POST / HTTP/1.1\r\n${TO}${fields}\r\n${SMUGGLED}`
  expect((await refusal(piko, service, bytes)).status).toBe(400)
})

test.each([
  ['no hexadecimal size', 'x\r\n'],
  ['an empty size', '\r\n'],
  ['a signed size', '+5\r\n'],
  ['a size beyond all numbers', 'fffffffffffffffff\r\n'],
  ['a chunk without its end', '1\r\nab\r\n'],
  ['a bare line feed behind the size', '1\na\r\n'],
])('a chunked body with %s is refused, and the service sees it cut off', async (_name, body) => {
  const { piko, service } = await pikoWithRawService()
  const client = await piko.dial()
  client.send(`POST / HTTP/1.1\r\n${TO}Transfer-Encoding: chunked\r\n\r\n`)
  const peer = await service.connection()
  await peer.head()
  client.send(body)
  expect((await client.message()).status).toBe(400)
  client.finish()
  expect(await peer.rest()).not.toContain('0\r\n\r\n')
})

test('CONNECT is refused', async () => {
  const { piko, service } = await pikoWithRawService()
  const bytes = 'CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n'
  const { status, error } = await refusal(piko, service, bytes)
  expect([status, error]).toEqual([400, 'CONNECT is not supported'])
})

test.each([
  ['CONNECT', 'CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n'],
  ['a bad upgrade', 'GET / HTTP/1.1\r\nHost: a,b\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'],
])('a client that is refused %s and resets its connection harms nobody', async (_name, bytes) => {
  const { piko, service } = await pikoWithRawService()
  const client = await piko.dial()
  client.send(bytes)
  expect((await client.message()).status).toBe(400)
  client.reset()
  const { answer } = await passage(piko, service, `GET / HTTP/1.1\r\n${TO}\r\n`)
  expect(answer.body.toString()).toBe('hi')
})

test('OPTIONS * reaches the service as it is', async () => {
  const { piko, service } = await pikoWithRawService()
  const { seen } = await passage(piko, service, `OPTIONS * HTTP/1.1\r\n${TO}\r\n`)
  expect(seen.start).toBe('OPTIONS * HTTP/1.1')
})

test('an absolute-form target becomes origin-form, and its host wins', async () => {
  const { piko, service } = await pikoWithRawService()
  const targets = [
    ['http://My-Endpoint.example/a?b=c', '/a?b=c', 'My-Endpoint.example'],
    ['HTTP://my-endpoint.example:80?q', '/?q', 'my-endpoint.example:80'],
  ] as const
  for (const [target, origin, host] of targets) {
    const bytes = `GET ${target} HTTP/1.1\r\nHost: other.example\r\n\r\n`
    const { seen, peer } = await passage(piko, service, bytes)
    expect([seen.start, lineValue(seen.lines, 'host')]).toEqual([`GET ${origin} HTTP/1.1`, host])
    peer.finish()
  }
})

test('fields of the connection end here, but not those that Piko needs', async () => {
  const { piko, service } = await pikoWithRawService()
  const named = ['X-Piko-Endpoint', 'X-Forwarded-For', 'Host', 'Content-Length', 'X-Own', 'close']
  const { seen } = await passage(
    piko,
    service,
    `POST / HTTP/1.1\r\n${TO}Connection: ${named.join(', ')}\r\nContent-Length: 1\r\n` +
      'X-Own: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: x\r\nProxy-Authorization: x\r\n' +
      'TE: trailers, gzip\r\nUpgrade: h2c\r\nX-Forwarded-For: 1.2.3.4\r\nX-Stays: 2\r\n\r\nb',
  )
  const names = lineNames(seen.lines)
  for (const gone of [
    'x-own',
    'keep-alive',
    'proxy-connection',
    'proxy-authorization',
    'upgrade',
  ]) {
    expect(names).not.toContain(gone)
  }
  expect(lineValue(seen.lines, 'host')).toBe('a.example')
  expect(lineValue(seen.lines, 'x-piko-endpoint')).toBe(ENDPOINT)
  expect(lineValue(seen.lines, 'te')).toBe('trailers')
  expect(lineValue(seen.lines, 'x-stays')).toBe('2')
  expect(lineValue(seen.lines, 'x-forwarded-for')).toBe('1.2.3.4, 127.0.0.1')
  expect(seen.body.toString()).toBe('b')
})

test('the answer loses its connection fields too', async () => {
  const { piko, service } = await pikoWithRawService()
  const client = await piko.dial()
  client.send(`GET / HTTP/1.1\r\n${TO}\r\n`)
  const peer = await service.connection()
  await peer.head()
  peer.send(
    'HTTP/1.1 200 OK\r\nConnection: x-own\r\nX-Own: 1\r\nKeep-Alive: timeout=1\r\n' +
      'X-Stays: 1\r\nContent-Length: 0\r\n\r\n',
  )
  const { lines } = await client.message()
  expect(lineNames(lines)).not.toContain('x-own')
  expect(lineValue(lines, 'keep-alive')).not.toBe('timeout=1')
  expect(lineValue(lines, 'x-stays')).toBe('1')
})

test('what is between clients and Piko never reaches a service', async () => {
  const { piko, service } = await pikoWithRawService()
  const { seen } = await passage(
    piko,
    service,
    `GET / HTTP/1.1\r\n${TO}X-Piko-Forward: true\r\nx-piko-authorization: Bearer t\r\n` +
      'X-PIKO-TENANT-ID: t\r\nAuthorization: Basic own\r\n\r\n',
  )
  expect(lineNames(seen.lines).filter((name) => name.startsWith('x-piko'))).toEqual([
    'x-piko-endpoint',
  ])
  // The service's own credentials are not Piko's.
  expect(lineValue(seen.lines, 'authorization')).toBe('Basic own')
})

test('trailers cannot carry what the head may not', async () => {
  const { piko, service } = await pikoWithRawService()
  const { seen } = await passage(
    piko,
    service,
    `POST / HTTP/1.1\r\n${TO}Transfer-Encoding: chunked\r\n\r\n` +
      '1\r\na\r\n0\r\nX-Piko-Authorization: t\r\nX-Piko-Forward: true\r\nX-Sum: 1\r\n\r\n',
  )
  expect(seen.trailers).toEqual(['X-Sum: 1'])
})

test('a trailer that belongs into the head is dropped, or the request is', async () => {
  const { piko, service } = await pikoWithRawService()
  const head = `POST / HTTP/1.1\r\n${TO}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n`
  const { seen } = await passage(piko, service, `${head}Host: b\r\nTrailer: c\r\n\r\n`)
  expect([seen.body.toString(), seen.trailers]).toEqual(['a', []])
  for (const trailer of ['Content-Length: 3', 'Transfer-Encoding: chunked']) {
    const client = await piko.dial()
    client.send(`${head}${trailer}\r\n\r\n`)
    expect((await client.message()).status).toBe(400)
  }
})

test("a stranger's word on host and scheme is replaced, a trusted proxy's stands", async () => {
  const request =
    `GET / HTTP/1.1\r\n${TO}X-Forwarded-Host: shop.example\r\n` +
    'X-Forwarded-Proto: https\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n'
  const forwarded = ['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto']
  const rows = [
    [[], ['1.2.3.4, 127.0.0.1', 'a.example', 'http']],
    [
      ['--proxy.trusted-proxies', '127.0.0.0/8'],
      ['1.2.3.4, 127.0.0.1', 'shop.example', 'https'],
    ],
  ] as const
  for (const [serverFlags, values] of rows) {
    const { piko, service } = await pikoWithRawService({ serverFlags })
    const { seen } = await passage(piko, service, request)
    expect(forwarded.map((name) => lineValue(seen.lines, name))).toEqual(values)
  }
})

test('bytes above ASCII in field values survive both ways', async () => {
  const { piko, service } = await pikoWithRawService()
  const value = 'caf\xe9 \x80\xff'
  const client = await piko.dial()
  client.send(`GET / HTTP/1.1\r\n${TO}X-Text: ${value}\r\n\r\n`)
  const peer = await service.connection()
  const seen = await peer.message()
  expect(lineValue(seen.lines, 'x-text')).toBe(value)
  peer.send(`HTTP/1.1 200 \xe9\r\nX-Text: ${value}\r\nContent-Length: 0\r\n\r\n`)
  const answer = await client.message()
  expect([answer.start, lineValue(answer.lines, 'x-text')]).toEqual(['HTTP/1.1 200 \xe9', value])
})

const LIMIT = 65_536

test('a request head up to the limit passes, one above it gets a 431', async () => {
  const { piko, service } = await pikoWithRawService()
  const fits = 'v'.repeat(LIMIT - 100)
  const { seen } = await passage(piko, service, `GET / HTTP/1.1\r\n${TO}X: ${fits}\r\n\r\n`)
  expect(lineValue(seen.lines, 'x')).toBe(fits)
  const client = await piko.dial()
  client.send(`GET / HTTP/1.1\r\n${TO}X: ${'v'.repeat(LIMIT + 100_000)}\r\n\r\n`)
  expect((await client.message()).status).toBe(431)
  expect(await client.ending()).toBe('end')
})

test('a head of very many fields passes', async () => {
  const { piko, service } = await pikoWithRawService()
  const fields = Array.from({ length: 900 }, (_, i) => `X-${i}: ${i}\r\n`).join('')
  const { seen } = await passage(piko, service, `GET / HTTP/1.1\r\n${TO}${fields}\r\n`)
  expect(lineValue(seen.lines, 'x-899')).toBe('899')
})

test('more fields than the tunnel carries get a 431', async () => {
  const { piko, service } = await pikoWithRawService()
  const fields = Array.from({ length: 2_000 }, (_, i) => `X-${i}: ${i}\r\n`).join('')
  const { status } = await refusal(piko, service, `GET / HTTP/1.1\r\n${TO}${fields}\r\n`)
  expect(status).toBe(431)
})

test('an answer head up to the limit passes, one above it is a 502', async () => {
  const { piko, service } = await pikoWithRawService()
  for (const [length, status] of [
    [LIMIT - 200, 200],
    [LIMIT + 100, 502],
  ] as const) {
    const client = await piko.dial()
    client.send(`GET / HTTP/1.1\r\n${TO}\r\n`)
    const peer = await service.connection()
    await peer.head()
    peer.send(`HTTP/1.1 200 OK\r\nX: ${'v'.repeat(length)}\r\nConnection: close\r\n\r\n`)
    peer.finish()
    const answer = await client.message()
    expect(answer.status).toBe(status)
  }
})

/** Pieces that bring a parser into all its states, and a few that lead nowhere. */
const pieceArb = fc.oneof(
  fc.constantFrom(
    'GET / HTTP/1.1\r\n',
    'POST / HTTP/1.0\r\n',
    'CONNECT a:1 HTTP/1.1\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    TO,
    'Transfer-Encoding: chunked\r\n',
    'Content-Length: 3\r\n',
    'Expect: 100-continue\r\n',
    'Connection: Upgrade\r\nUpgrade: websocket\r\n',
    '\r\n',
    '3\r\nabc\r\n',
    '0\r\n\r\n',
    '\x16\x03\x01\x02\x00',
  ),
  fc.string({ unit: 'binary-ascii', maxLength: 20 }),
)

/** A client that sends some of it, and goes. */
async function pester(client: Wire, pieces: readonly string[], leaves: 'end' | 'reset') {
  for (const piece of pieces) client.send(piece)
  if (leaves === 'end') client.finish()
  else client.reset()
  await client.ending()
}

test('no garbage on the proxy port keeps others from being served', async () => {
  const { piko, service } = await pikoWithRawService({ agentFlags: ['--timeout', '50ms'] })
  await fc.assert(
    fc.asyncProperty(
      fc.array(pieceArb, { maxLength: 8 }),
      fc.constantFrom('end' as const, 'reset' as const),
      async (pieces, leaves) => pester(await piko.dial(), pieces, leaves),
    ),
    { numRuns: 300 },
  )
  await service.close()
  const client = await piko.dial()
  client.send(`GET / HTTP/1.1\r\n${TO}\r\n`)
  expect((await client.message()).status).toBe(502)
})
