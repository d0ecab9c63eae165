import { createHash, randomBytes } from 'node:crypto'
import { METHODS, request as httpRequest } from 'node:http'
import type { IncomingMessage, RequestOptions } from 'node:http'
import { expect, test } from 'vitest'
import { ENDPOINT, pikoWithHttpService, pikoWithRawService } from '../support/piko.ts'
import type { Piko } from '../support/piko.ts'
import { lineNames, lineValue } from '../support/wire.ts'

/** Messages of every shape pass through unchanged: methods, bodies, trailers, bodiless answers. */

const TO = `Host: a.example\r\nx-piko-endpoint: ${ENDPOINT}\r\n`

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of message) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}

interface Sent {
  readonly options?: RequestOptions
  readonly body?: Uint8Array
  readonly chunked?: boolean
  readonly trailers?: Record<string, string>
}

/** Sends with node:http and reads the whole answer. */
async function exchange(piko: Piko, { options, body, chunked, trailers }: Sent) {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = httpRequest({
      port: piko.proxy.port,
      agent: false,
      ...options,
      headers: {
        'x-piko-endpoint': ENDPOINT,
        ...(body && !chunked && { 'content-length': body.length }),
        ...(body && chunked && { 'transfer-encoding': 'chunked' }),
        ...(trailers && { trailer: Object.keys(trailers).join(', ') }),
        ...(options?.headers as Record<string, string> | undefined),
      },
    })
    request.on('response', resolve)
    request.on('error', reject)
    if (trailers) request.addTrailers(trailers)
    request.end(body)
  })
  return { answer, body: await bodyOf(answer) }
}

/** A service that sends back what it got, framed as asked for in `x-framing`. */
const echo = () =>
  pikoWithHttpService(async (request, response) => {
    const body = await bodyOf(request)
    response.setHeader('x-method', request.method as string)
    response.setHeader('x-length', request.headers['content-length'] ?? 'chunked')
    // Once the head is out, node:http can no longer count the body.
    if (request.headers['x-framing'] === 'chunked') response.flushHeaders()
    response.end(body)
  })

test('every method reaches the service as it is', async () => {
  const { piko } = await echo()
  const methods = METHODS.filter((method) => method !== 'CONNECT')
  for (const method of methods) {
    const { answer } = await exchange(piko, { options: { method } })
    expect([method, answer.statusCode, answer.headers['x-method']]).toEqual([method, 200, method])
  }
})

test.each([0, 1, 65_536, 5_000_001])(
  'a body of %i bytes is the same at the other end and back, with a length and chunked',
  async (size) => {
    const { piko } = await echo()
    const body = randomBytes(size)
    for (const chunked of [false, true]) {
      const headers = { 'x-framing': chunked ? 'chunked' : 'length' }
      const options = { method: 'POST', headers }
      const { answer, body: echoed } = await exchange(piko, { options, body, chunked })
      expect(sha256(echoed)).toBe(sha256(body))
      expect(answer.headers['x-length']).toBe(chunked ? 'chunked' : String(size))
      expect(answer.headers['content-length']).toBe(chunked ? undefined : String(size))
    }
  },
)

test('trailers travel both ways', async () => {
  let received: NodeJS.Dict<string> = {}
  const { piko } = await pikoWithHttpService(async (request, response) => {
    await bodyOf(request)
    received = request.trailers
    response.writeHead(200, { trailer: 'x-sum' })
    response.write('body')
    response.addTrailers({ 'x-sum': 'down' })
    response.end()
  })
  const { answer } = await exchange(piko, {
    options: { method: 'POST' },
    body: Buffer.from('up'),
    chunked: true,
    trailers: { 'x-check': 'up' },
  })
  expect(received).toEqual({ 'x-check': 'up' })
  expect(answer.trailers).toEqual({ 'x-sum': 'down' })
})

test.each([
  ['HEAD', 200, 'Content-Length: 12\r\n', '12'],
  ['HEAD', 200, 'Transfer-Encoding: chunked\r\n', undefined],
  ['HEAD', 200, '', undefined],
  ['GET', 204, '', undefined],
  ['GET', 304, '', undefined],
  ['GET', 304, 'Content-Length: 12\r\n', '12'],
])('%s → %i with "%s" has no body and leaves the connection usable', async (...row) => {
  const [method, status, fields, length] = row
  const { piko, service } = await pikoWithRawService()
  const client = await piko.dial()
  for (let round = 0; round < 2; round++) {
    client.send(`${method} / HTTP/1.1\r\n${TO}\r\n`)
    const peer = await service.connection()
    await peer.head()
    peer.send(`HTTP/1.1 ${status} X\r\nConnection: close\r\n${fields}\r\n`)
    peer.finish()
    const answer = await client.message({ bodiless: true })
    expect(answer.status).toBe(status)
    expect(lineValue(answer.lines, 'content-length')).toBe(length)
    expect(lineNames(answer.lines)).not.toContain('transfer-encoding')
  }
  expect(client.pending).toBe('')
})

test.each(['HTTP/1.1', 'HTTP/1.0'])(
  'a Trailer field on an answer that cannot have trailers is harmless to a %s client',
  async (version) => {
    const { piko, service } = await pikoWithRawService()
    const answers = ['Content-Length: 2\r\nTrailer: x\r\n\r\nhi', 'Trailer: x\r\n\r\nhi']
    for (const answer of answers) {
      const client = await piko.dial()
      client.send(`GET / ${version}\r\n${TO}\r\n`)
      const peer = await service.connection()
      await peer.head()
      peer.send(`HTTP/1.1 200 OK\r\nConnection: close\r\n${answer}`)
      peer.finish()
      const { status, body } = await client.message()
      expect([status, body.toString()]).toEqual([200, 'hi'])
    }
  },
)

test('a HEAD of something with trailers is answered', async () => {
  const { piko, service } = await pikoWithRawService()
  const client = await piko.dial()
  client.send(`HEAD / HTTP/1.1\r\n${TO}\r\n`)
  const peer = await service.connection()
  await peer.head()
  peer.send('HTTP/1.1 200 OK\r\nTrailer: x\r\nTransfer-Encoding: chunked\r\n\r\n')
  expect((await client.message({ bodiless: true })).status).toBe(200)
})

test('interim answers pass, with their fields, before the answer', async () => {
  const { piko, service } = await pikoWithRawService()
  const client = await piko.dial()
  client.send(`GET / HTTP/1.1\r\n${TO}\r\n`)
  const peer = await service.connection()
  await peer.head()
  peer.send('HTTP/1.1 102 Processing\r\n\r\n')
  expect((await client.message()).status).toBe(102)
  peer.send('HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n')
  const hints = await client.message()
  expect([hints.status, lineValue(hints.lines, 'link')]).toEqual([103, '</style.css>; rel=preload'])
  peer.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi')
  expect((await client.message()).body.toString()).toBe('hi')
})

test('an HTTP/1.0 client gets no interim answers', async () => {
  const { piko, service } = await pikoWithRawService()
  const client = await piko.dial()
  client.send(`GET / HTTP/1.0\r\n${TO}\r\n`)
  const peer = await service.connection()
  await peer.head()
  peer.send('HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi')
  expect((await client.message()).status).toBe(200)
})

const EXPECTING = `POST / HTTP/1.1\r\n${TO}Expect: 100-continue\r\nContent-Length: 4\r\n\r\n`

test('the service decides whether the body may come', async () => {
  const { piko, service } = await pikoWithRawService()
  const client = await piko.dial()
  client.send(EXPECTING)
  const peer = await service.connection()
  expect(lineValue((await peer.head()).lines, 'expect')).toBe('100-continue')
  expect(client.pending).toBe('')
  peer.send('HTTP/1.1 100 Continue\r\n\r\n')
  expect((await client.message()).status).toBe(100)
  client.send('body')
  expect((await peer.bytes(4)).toString()).toBe('body')
  peer.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  expect((await client.message()).status).toBe(200)
})

test.each([417, 413])('a refusal with %i ends the connection that owes a body', async (status) => {
  const { piko, service } = await pikoWithRawService()
  const client = await piko.dial()
  client.send(EXPECTING)
  const peer = await service.connection()
  await peer.head()
  peer.send(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`)
  const answer = await client.message()
  expect(answer.status).toBe(status)
  // Else the client's next request could be taken for the body that it never sent.
  expect(lineValue(answer.lines, 'connection')).toBe('close')
  expect(await client.ending()).toBe('end')
})

test('a client that will not wait for 100 is served by a service that never sends it', async () => {
  const { piko, service } = await pikoWithRawService()
  const client = await piko.dial()
  client.send(EXPECTING)
  const peer = await service.connection()
  await peer.head()
  client.send('body')
  expect((await peer.bytes(4)).toString()).toBe('body')
  peer.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi')
  expect((await client.message()).status).toBe(200)
})
