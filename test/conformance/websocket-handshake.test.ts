import { createServer as createHttpServer } from 'node:http'
import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { WebSocketAcceptor } from '../../src/net/websocket-accept.ts'
import { DialError, dialWebSocket } from '../../src/net/websocket-dial.ts'
import type { DialOptions } from '../../src/net/websocket-dial.ts'
import { LINGER_MS } from '../../src/net/websocket-transport.ts'
import { listenLocally } from './open-pair.ts'
import { OP } from './raw-frame.ts'
import { answerHead, RawPeer, requestHead, SAMPLE_KEY } from './raw-peer.ts'
import { TransportProbe } from './transport-probe.ts'

const KINDS = ['own', 'ws'] as const
type Kind = (typeof KINDS)[number]

const servers: Server[] = []
const sockets: Socket[] = []

afterEach(async () => {
  vi.useRealTimers()
  for (const socket of sockets.splice(0)) socket.destroy()
  await Promise.all(
    servers.splice(0).map(async (server) => new Promise((resolve) => server.close(resolve))),
  )
})

/** What an acceptor answers to a request, as text, and whether it opened a transport. */
async function ask(kind: Kind, request: string): Promise<{ answer: string; opened: number }> {
  const acceptor = new WebSocketAcceptor(kind)
  const server = createHttpServer()
  servers.push(server)
  let opened = 0
  server.on('upgrade', (incoming, socket, head) =>
    acceptor.accept(incoming, socket, head, (transport) => {
      opened += 1
      sockets.push(socket as Socket)
      transport.start({ bytes: () => {}, drained: () => {}, transportClosed: () => {} })
    }),
  )
  const client = connect(await listenLocally(server))
  sockets.push(client)
  const peer = new RawPeer(client, [1, 2, 3, 4])
  client.write(request)
  return { answer: await peer.head(), opened }
}

describe.each(KINDS)('%s accepts', (kind) => {
  test.each([
    ['the sample handshake of RFC 6455 §1.3', {}],
    ['tokens in any case and among others', { Upgrade: 'WebSocket', Connection: 'close, uPgRaDe' }],
    ['offers of extensions and subprotocols, unheard', OFFERS],
  ] as const)('%s', async (_name, changes) => {
    const { answer, opened } = await ask(kind, requestHead(changes))
    expect(answer).toMatch(/^HTTP\/1\.1 101 /)
    expect(answer).toMatch(/^upgrade: websocket$/im)
    expect(answer).toMatch(/^connection: upgrade$/im)
    expect(answer).toMatch(/^sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=$/im)
    expect(answer).not.toMatch(/^sec-websocket-extensions:/im)
    expect(opened).toBe(1)
  })

  test.each([
    ['another protocol', { Upgrade: 'h2c' }],
    ['no key', { 'Sec-WebSocket-Key': '' }],
    ['a key of 15 bytes', { 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAA' }],
    ['two keys', { 'Sec-WebSocket-Key': `${SAMPLE_KEY}\r\nSec-WebSocket-Key: ${SAMPLE_KEY}` }],
  ])('refuses %s with 400', async (_name, changes) => {
    const { answer, opened } = await ask(kind, requestHead(changes))
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(opened).toBe(0)
  })
})

const OFFERS = {
  'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits',
  'Sec-WebSocket-Protocol': '',
}

describe('own accept', () => {
  test.each(['12', '8', '', '13, 12'])(
    'refuses version "%s" with 426 and its own',
    async (version) => {
      const { answer, opened } = await ask('own', requestHead({ 'Sec-WebSocket-Version': version }))
      expect(answer).toMatch(/^HTTP\/1\.1 426 Upgrade Required/)
      expect(answer).toMatch(/^sec-websocket-version: 13$/im)
      expect(answer).toMatch(/^upgrade: websocket$/im)
      expect(opened).toBe(0)
    },
  )

  test.each([
    ['another method', 'POST / HTTP/1.1'],
    ['HTTP/1.0', 'GET / HTTP/1.0'],
  ])('refuses %s with 400', async (_name, line) => {
    const { answer, opened } = await ask('own', requestHead({}, line))
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(opened).toBe(0)
  })

  test('chooses no subprotocol', async () => {
    const { answer } = await ask('own', requestHead({ 'Sec-WebSocket-Protocol': 'chat' }))
    expect(answer).toMatch(/^HTTP\/1\.1 101 /)
    expect(answer).not.toMatch(/^sec-websocket-protocol:/im)
  })
})

/** A server that answers every handshake with what `answer` makes of it. */
async function rawServer(answer: (request: string, peer: RawPeer) => string): Promise<URL> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket)
    const peer = new RawPeer(socket, undefined)
    void answerHandshake(peer, answer)
  })
  servers.push(server)
  return new URL(`http://localhost:${await listenLocally(server)}/piko/v1/upstream/a%20b?c=d`)
}

async function answerHandshake(
  peer: RawPeer,
  answer: (request: string, peer: RawPeer) => string,
): Promise<void> {
  const request = await peer.head()
  if (request !== '') peer.socket.write(answer(request, peer))
}

async function dial(
  kind: Kind,
  url: URL,
  more: Partial<DialOptions> = {},
): Promise<TransportProbe> {
  const { signal } = new AbortController()
  const transport = await dialWebSocket({
    url,
    headers: { authorization: 'Bearer t' },
    timeoutMs: 10_000,
    signal,
    kind,
    ...more,
  })
  return new TransportProbe(transport)
}

async function dialFailure(...args: Parameters<typeof dial>): Promise<DialError> {
  const error: unknown = await dial(...args).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(DialError)
  return error as DialError
}

const jsonAnswer = (status: string, body: string): string =>
  `HTTP/1.1 ${status}\r\ncontent-length: ${body.length}\r\n\r\n${body}`

describe.each(KINDS)('%s dials', (kind) => {
  test.each(['http:', 'ws:'])('a %s URL, with its path, query and headers', async (protocol) => {
    let request = ''
    const url = await rawServer((head) => answerHead((request = head)))
    url.protocol = protocol
    const probe = await dial(kind, url)
    expect(request).toMatch(/^GET \/piko\/v1\/upstream\/a%20b\?c=d HTTP\/1\.1\r\n/)
    expect(request).toMatch(/^host: localhost:\d+$/im)
    expect(request).toMatch(/^authorization: Bearer t$/im)
    expect(request).toMatch(/^sec-websocket-version: 13$/im)
    expect(request).toMatch(/^sec-websocket-key: [+/\w]{22}==$/im)
    expect(request).not.toMatch(/^sec-websocket-extensions:/im)
    probe.transport.destroy()
    await probe.closed()
  })

  test.each([
    ['401 Unauthorized', '{"error":"invalid token"}', '401: invalid token'],
    ['503 Service Unavailable', 'busy', '503: Service Unavailable'],
    ['404 Not Found', '{"error":7}', '404: Not Found'],
    ['200 OK', '', '200: OK'],
    ['301 Moved Permanently', '', '301: Moved Permanently'],
  ])('and tells of %s %s', async (status, body, message) => {
    const url = await rawServer(() => jsonAnswer(status, body))
    const error = await dialFailure(kind, url)
    expect(error).toMatchObject({ code: 'status', status: Number.parseInt(status, 10), message })
  })

  test('and reads a refusal that never ends no further than it must', async () => {
    const url = await rawServer(
      () => `HTTP/1.1 500 No\r\ncontent-length: 9999999\r\n\r\n${'x'.repeat(9_000)}`,
    )
    expect(await dialFailure(kind, url)).toMatchObject({ code: 'status', status: 500 })
  })

  test.each([
    ['a wrong accept value', { 'Sec-WebSocket-Accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' }],
    ['no accept value', { 'Sec-WebSocket-Accept': '' }],
    ['an upgrade to something else', { Upgrade: 'h2c' }],
    ['an extension', { 'Sec-WebSocket-Extensions': 'permessage-deflate' }],
    ['a subprotocol', { 'Sec-WebSocket-Protocol': 'chat' }],
  ])('and refuses %s', async (_name, changes) => {
    const url = await rawServer((request) => answerHead(request, changes))
    const error = await dialFailure(kind, url)
    expect(error.code).toBe('network')
    expect(error.status).toBeUndefined()
  })

  test('and fails where nobody listens', async () => {
    const url = await rawServer(() => '')
    await Promise.all(
      servers.splice(0).map(async (server) => new Promise((resolve) => server.close(resolve))),
    )
    const error = await dialFailure(kind, url)
    expect(error).toMatchObject({ code: 'network', message: `no answer from ${url.origin}` })
    expect(error.cause).toBeInstanceOf(Error)
  })

  test('and fails where the connection ends without an answer', async () => {
    const url = await rawServer((_request, peer) => {
      peer.socket.destroy()
      return ''
    })
    expect((await dialFailure(kind, url)).code).toBe('network')
  })

  test('and gives up after the timeout', async () => {
    const url = await rawServer(() => '')
    expect((await dialFailure(kind, url, { timeoutMs: 20 })).code).toBe('network')
  })

  test('and gives up when called off, before and while it waits', async () => {
    const abort = new AbortController()
    const url = await rawServer(() => {
      abort.abort()
      return ''
    })
    const { signal } = abort
    expect((await dialFailure(kind, url, { signal })).code).toBe('aborted')
    expect((await dialFailure(kind, url, { signal })).code).toBe('aborted')
  })
})

test('own dial takes a 101 that does not upgrade for no websocket', async () => {
  const url = await rawServer((request) => answerHead(request, { Connection: '' }))
  expect((await dialFailure('own', url)).code).toBe('network')
})

test.each(KINDS)('a %s transport that was dropped before start says so after it', async (kind) => {
  const peers: RawPeer[] = []
  const url = await rawServer((request, peer) => {
    peers.push(peer)
    return answerHead(request)
  })
  const transport = await dialWebSocket({
    url,
    headers: {},
    timeoutMs: 10_000,
    signal: new AbortController().signal,
    kind,
  })
  transport.destroy()
  await peers[0]?.ended()
  const probe = new TransportProbe(transport)
  expect(await probe.closed()).toBeUndefined()
  expect(probe.calls).toEqual(['started', 'closed'])
})

test('a refused client that never closes is dropped', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const acceptor = new WebSocketAcceptor('own')
  const server = createHttpServer()
  servers.push(server)
  const gone = new Promise<void>((resolve) => {
    server.on('upgrade', (incoming, socket, head) => {
      socket.once('close', () => resolve())
      acceptor.accept(incoming, socket, head, () => {})
    })
  })
  const client = connect({ port: await listenLocally(server), allowHalfOpen: true })
  sockets.push(client)
  const peer = new RawPeer(client, [1, 2, 3, 4])
  client.write(requestHead({ 'Sec-WebSocket-Key': '' }))
  expect(await peer.head()).toMatch(/^HTTP\/1\.1 400 /)
  await vi.advanceTimersByTimeAsync(LINGER_MS)
  await gone
  expect(client.readableEnded).toBe(true)
})

test('a peer that sends frames before it reads the answer is heard', async () => {
  const peers: RawPeer[] = []
  const url = await rawServer((request, peer) => {
    peers.push(peer)
    return answerHead(request)
  })
  const probe = await dial('own', url)
  probe.send(Buffer.from('hello'))
  expect(await peers[0]?.nextFrame()).toMatchObject({ opcode: OP.binary, fin: true })
})
