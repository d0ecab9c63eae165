import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import type { Server } from 'node:net'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { errorCode } from '../../src/std/errors.ts'
import { WebSocketAcceptor } from '../../src/net/websocket-accept.ts'
import { dialWebSocket } from '../../src/net/websocket-dial.ts'
import { WebSocketTransport } from '../../src/net/websocket-transport.ts'
import { listenLocally } from './open-pair.ts'
import { pattern } from './raw-frame.ts'
import { TransportProbe } from './transport-probe.ts'

/** Piko's own framing against the `ws` package as the peer, and against itself over TLS. */

const cleanups: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const ROLES = ['server', 'client'] as const

interface Interop {
  readonly probe: TransportProbe
  readonly peer: WebSocket
}

async function interop(role: (typeof ROLES)[number]): Promise<Interop> {
  return role === 'server' ? asServer() : asClient()
}

async function asServer(): Promise<Interop> {
  const acceptor = new WebSocketAcceptor('own')
  const server = createHttpServer()
  closeLater(server)
  const opened = new Promise<TransportProbe>((resolve) => {
    server.on('upgrade', (request, socket, head) =>
      acceptor.accept(request, socket, head, (transport) => resolve(new TransportProbe(transport))),
    )
  })
  // Offers compression, as it does by default: the offer is not taken.
  const peer = new WebSocket(`ws://localhost:${await listenLocally(server)}`)
  await once(peer, 'open')
  expect(peer.extensions).toBe('')
  return dropLater({ probe: await opened, peer })
}

async function asClient(): Promise<Interop> {
  const server = createHttpServer()
  closeLater(server)
  const wss = new WebSocketServer({ server, perMessageDeflate: true })
  const accepted = once(wss, 'connection') as Promise<[WebSocket]>
  const transport = await dialWebSocket({
    url: new URL(`http://localhost:${await listenLocally(server)}`),
    headers: {},
    timeoutMs: 10_000,
    signal: new AbortController().signal,
    kind: 'own',
  })
  const probe = new TransportProbe(transport)
  return dropLater({ probe, peer: (await accepted)[0] })
}

function closeLater(server: Server): void {
  cleanups.push(async () => new Promise((resolve) => server.close(resolve)))
}

function dropLater(pair: Interop): Interop {
  cleanups.push(async () => {
    pair.probe.transport.destroy()
    pair.peer.terminate()
  })
  return pair
}

/** What a `ws` peer hears until it is `byteLength` bytes. */
async function heard(peer: WebSocket, byteLength: number): Promise<Buffer> {
  const parts: Buffer[] = []
  let length = 0
  // One listener throughout: two messages may come in one turn.
  await new Promise<void>((resolve) => {
    peer.on('message', (data: Buffer) => {
      parts.push(data)
      length += data.length
      if (length >= byteLength) resolve()
    })
  })
  peer.removeAllListeners('message')
  return Buffer.concat(parts)
}

describe.each(ROLES)('own framing as %s with ws as its peer', (role) => {
  test('bytes go both ways, whatever the messages', async () => {
    const { probe, peer } = await interop(role)
    const length = fc.oneof(
      fc.integer({ min: 1, max: 400 }),
      fc.constantFrom(125, 126, 65_535, 65_536, 262_156),
    )
    await fc.assert(
      fc.asyncProperty(length, fc.nat(64), async (size, cut) => {
        const bytes = pattern(size)
        probe.received = Buffer.alloc(0)
        const echo = heard(peer, size)
        probe.send(bytes, [cut])
        expect(Buffer.compare(await echo, bytes)).toBe(0)
        peer.send(bytes.subarray(0, cut), { fin: false })
        peer.send(bytes.subarray(cut))
        expect(Buffer.compare(await probe.receivedBytes(size), bytes)).toBe(0)
      }),
      { numRuns: 40 },
    )
  })

  test('pings are answered', async () => {
    const { peer } = await interop(role)
    peer.ping('are you there')
    const [payload] = (await once(peer, 'pong')) as [Buffer]
    expect(payload.toString()).toBe('are you there')
  })

  test('either side closes in order', async () => {
    const ours = await interop(role)
    const left = once(ours.peer, 'close')
    ours.probe.transport.close()
    expect((await left)[0]).toBe(1000)
    expect(await ours.probe.closed()).toBeUndefined()

    const theirs = await interop(role)
    const gone = once(theirs.peer, 'close')
    theirs.peer.close(1001)
    expect((await gone)[0]).toBe(1001)
    expect(await theirs.probe.closed()).toBeUndefined()
  })

  test('a text message is refused, and the peer hears why', async () => {
    const { probe, peer } = await interop(role)
    peer.send('hello')
    expect((await once(peer, 'close'))[0]).toBe(1003)
    expect(errorCode(await probe.closed())).toBe('unsupported-data')
  })

  test('a peer that is killed is noticed', async () => {
    const { probe, peer } = await interop(role)
    peer.terminate()
    expect(await probe.closed()).toBeInstanceOf(Error)
  })
})

test('a flood of pings by a peer that does not read piles nothing up', async () => {
  const { probe, peer } = await interop('server')
  peer.pause()
  for (let i = 0; i < 50_000; i++) peer.ping()
  peer.send(Buffer.from('end'))
  await probe.receivedBytes(3)
  expect(probe.transport.bufferedBytes).toBeLessThan(4_096)
})

test('own framing over TLS: both ways, drained, closed in order', async () => {
  const [probe, other] = await tlsPair()
  const bytes = pattern(3_000_000)
  for (let at = 0; at < bytes.length; at += 60_000) probe.send(bytes.subarray(at, at + 60_000), [9])
  other.send(pattern(70_000), [100])
  expect(Buffer.compare(await other.receivedBytes(bytes.length), bytes)).toBe(0)
  expect(Buffer.compare(await probe.receivedBytes(70_000), pattern(70_000))).toBe(0)
  await probe.drainedOnce()
  expect(probe.transport.bufferedBytes).toBe(0)
  probe.transport.close()
  expect(await other.closed()).toBeUndefined()
  expect(await probe.closed()).toBeUndefined()
})

/** Two transports on a TLS connection with a shared key, which needs no certificates. */
async function tlsPair(): Promise<[TransportProbe, TransportProbe]> {
  const tls = { ciphers: 'PSK', maxVersion: 'TLSv1.2' } as const
  const psk = Buffer.alloc(16, 7)
  const server = createTlsServer({ ...tls, pskCallback: () => psk, pskIdentityHint: 'test' })
  closeLater(server)
  const opened = new Promise<TransportProbe>((resolve) => {
    server.on('secureConnection', (socket) =>
      resolve(new TransportProbe(new WebSocketTransport(socket, new Uint8Array(0), 'server'))),
    )
  })
  const socket = connectTls({
    ...tls,
    port: await listenLocally(server),
    pskCallback: () => ({ psk, identity: 'test' }),
    checkServerIdentity: () => undefined,
  })
  await once(socket, 'secureConnect')
  const client = new TransportProbe(new WebSocketTransport(socket, new Uint8Array(0), 'client'))
  return [await opened, client]
}
