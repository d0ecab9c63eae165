import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { pipeline } from 'node:stream/promises'
import type { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { ENDPOINT, pikoWithHttpService, pikoWithRawService } from '../support/piko.ts'
import type { Piko } from '../support/piko.ts'
import type { RawService } from '../support/raw-service.ts'
import type { Wire } from '../support/wire.ts'

/** Bytes leave at once, and a side that does not read holds back its sender and nobody else. */

const TO = `Host: a.example\r\nx-piko-endpoint: ${ENDPOINT}\r\n`
const GET = `GET / HTTP/1.1\r\n${TO}\r\n`

/** A request whose answer the test writes by hand. */
async function opened(piko: Piko, service: RawService) {
  const client = await piko.dial()
  client.send(GET)
  const peer = await service.connection()
  await peer.head()
  return { client, peer }
}

test('a head without a body arrives while the body is still to come', async () => {
  const { piko, service } = await pikoWithRawService()
  const { client, peer } = await opened(piko, service)
  peer.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
  expect((await client.head()).start).toBe('HTTP/1.1 200 OK')
})

test('a slow body arrives byte by byte, with a length and without', async () => {
  const { piko, service } = await pikoWithRawService()
  for (const framing of ['Connection: close\r\nContent-Length: 5', 'Connection: close']) {
    const { client, peer } = await opened(piko, service)
    peer.send(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n`)
    await client.head()
    for (const letter of 'hello') {
      peer.send(letter)
      expect(await client.until(letter)).toContain(letter)
    }
    client.reset()
  }
})

test('an upload reaches the service byte by byte', async () => {
  const { piko, service } = await pikoWithRawService()
  const client = await piko.dial()
  client.send(`POST / HTTP/1.1\r\n${TO}Content-Length: 5\r\n\r\n`)
  const peer = await service.connection()
  await peer.head()
  for (const letter of 'hello') {
    client.send(letter)
    expect((await peer.bytes(1)).toString()).toBe(letter)
  }
})

test('server-sent events arrive event by event', async () => {
  let response: ServerResponse | undefined
  const { piko } = await pikoWithHttpService((_request, answer) => {
    response = answer
    answer.writeHead(200, { 'content-type': 'text/event-stream' })
    answer.flushHeaders()
  })
  const client = await piko.dial()
  client.send(GET)
  await client.head()
  for (let i = 0; i < 20; i++) {
    response?.write(`data: ${i}\n\n`)
    expect(await client.until(`data: ${i}\n\n`)).toContain('data:')
  }
})

test('a request and its answer may flow at the same time', async () => {
  const { piko } = await pikoWithHttpService((request, response) => {
    response.writeHead(200)
    response.flushHeaders()
    request.pipe(response)
  })
  const client = await piko.dial()
  client.send(`POST / HTTP/1.1\r\n${TO}Transfer-Encoding: chunked\r\n\r\n`)
  await client.head()
  for (const word of ['one', 'two', 'six']) {
    client.send(`3\r\n${word}\r\n`)
    expect(await client.until(word)).toContain(word)
  }
  client.send('0\r\n\r\n')
  await client.until('\r\n0\r\n\r\n')
})

/** Large enough that no kernel buffer on the way could hold it. */
const LARGE_BYTES = 64 * 1024 * 1024
const PIECE = Buffer.alloc(64 * 1024, 'piko')

/** What all windows and socket buffers between the two ends may hold together. */
const ON_THE_WAY_BYTES_MAX = 24 * 1024 * 1024

/** Writes the large body as fast as the sink takes it, and counts. */
class LargeSource {
  writtenBytes = 0
  readonly hash = createHash('sha256')

  async into(sink: Writable): Promise<void> {
    while (this.writtenBytes < LARGE_BYTES) {
      this.writtenBytes += PIECE.length
      this.hash.update(PIECE)
      if (sink.write(PIECE)) continue
      await new Promise((resolve) => {
        sink.once('drain', resolve)
      })
    }
  }

  /** Resolves when the sink has taken nothing during many requests of somebody else. */
  async stuck(clock: Wire): Promise<void> {
    for (let before = -1; before !== this.writtenBytes;) {
      before = this.writtenBytes
      for (let i = 0; i < 50; i++) {
        clock.send(GET)
        const { body } = await clock.message()
        if (body.toString() !== 'small') throw new Error('others are not served')
      }
    }
  }
}

/** A connection that nobody reads until its bytes are asked for. */
const unread = ({ port }: Piko['proxy']): Socket => connect({ host: '127.0.0.1', port })

/** Reads to the end and gives the hash of what lies behind the head. */
async function readBody(socket: Socket): Promise<string> {
  const hash = createHash('sha256')
  let head = ''
  await pipeline(socket, async function* (source: AsyncIterable<Buffer>) {
    for await (const chunk of source) {
      const text = chunk.toString('latin1')
      const end = head.endsWith('\r\n\r\n') ? 0 : text.indexOf('\r\n\r\n') + 4
      head += text.slice(0, end)
      hash.update(chunk.subarray(end))
    }
    yield ''
  })
  return hash.digest('hex')
}

test('a client that does not read stops the service and nobody else', async () => {
  const source = new LargeSource()
  const { piko } = await pikoWithHttpService(async (request, response) => {
    if (request.url === '/large') {
      response.writeHead(200, { 'content-length': LARGE_BYTES })
      await source.into(response)
    }
    response.end(request.url === '/large' ? undefined : 'small')
  })
  const socket = unread(piko.proxy)
  socket.write(`GET /large HTTP/1.1\r\n${TO}Connection: close\r\n\r\n`)
  await source.stuck(await piko.dial())
  expect(source.writtenBytes).toBeGreaterThan(0)
  expect(source.writtenBytes).toBeLessThan(ON_THE_WAY_BYTES_MAX)
  expect(await readBody(socket)).toBe(source.hash.digest('hex'))
  expect(source.writtenBytes).toBe(LARGE_BYTES)
})

test('a service that does not read stops the client and nobody else', async () => {
  const source = new LargeSource()
  const received = createHash('sha256')
  let read: (() => void) | undefined
  const { piko } = await pikoWithHttpService(async (request, response) => {
    if (request.url === '/large') {
      await new Promise<void>((resolve) => {
        read = resolve
      })
      for await (const chunk of request) received.update(chunk as Buffer)
    }
    response.end(request.url === '/large' ? 'received' : 'small')
  })
  const client = await piko.dial()
  client.send(`PUT /large HTTP/1.1\r\n${TO}Content-Length: ${LARGE_BYTES}\r\n\r\n`)
  const sent = source.into(client.socket)
  await source.stuck(await piko.dial())
  expect(source.writtenBytes).toBeLessThan(ON_THE_WAY_BYTES_MAX)
  read?.()
  await sent
  expect((await client.message()).body.toString()).toBe('received')
  expect(received.digest('hex')).toBe(source.hash.digest('hex'))
})
