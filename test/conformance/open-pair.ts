import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import type { Server } from 'node:net'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import type { Transport } from '../../src/net/transport.ts'
import { WebSocketAcceptor } from '../../src/net/websocket-accept.ts'
import { dialWebSocket } from '../../src/net/websocket-dial.ts'
import type { WebSocketRole } from '../../src/net/websocket-frame.ts'
import type { WebSocketKind } from '../../src/net/websocket-kind.ts'
import { answerHead, RawPeer, requestHead } from './raw-peer.ts'
import { TransportProbe } from './transport-probe.ts'

export interface Subject {
  readonly kind: WebSocketKind
  readonly role: WebSocketRole
}

/** Every transport in each of its roles. */
export const SUBJECTS: readonly Subject[] = [
  { kind: 'own', role: 'server' },
  { kind: 'own', role: 'client' },
  { kind: 'ws', role: 'server' },
  { kind: 'ws', role: 'client' },
]

export interface Pair {
  readonly probe: TransportProbe
  readonly peer: RawPeer
  /** Drops both ends and waits until they are gone. */
  readonly drop: () => Promise<void>
}

const CLIENT_MASK = [0x9a, 0x00, 0xff, 0x51] as const

/** A transport under test, and a raw peer whose `early` bytes come right behind its handshake. */
export async function openPair(
  { kind, role }: Subject,
  early: Uint8Array = new Uint8Array(0),
): Promise<Pair> {
  return role === 'server' ? openServer(kind, early) : openClient(kind, early)
}

async function openServer(kind: WebSocketKind, early: Uint8Array): Promise<Pair> {
  const acceptor = new WebSocketAcceptor(kind)
  const server = createHttpServer()
  const opened = new Promise<TransportProbe>((resolve) => {
    server.on('upgrade', (request, socket, head) =>
      acceptor.accept(request, socket, head, (transport) => resolve(new TransportProbe(transport))),
    )
  })
  const socket = connect({ port: await listenLocally(server), allowHalfOpen: true })
  const peer = new RawPeer(socket, CLIENT_MASK)
  socket.write(Buffer.concat([Buffer.from(requestHead()), early]))
  const probe = await opened
  await peer.head()
  return { probe, peer, drop: dropper(server, probe.transport, peer) }
}

async function openClient(kind: WebSocketKind, early: Uint8Array): Promise<Pair> {
  const server = createServer({ allowHalfOpen: true })
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const dialled = dialWebSocket({
    url: new URL(`http://localhost:${await listenLocally(server)}/piko/v1/upstream/test`),
    headers: {},
    timeoutMs: 10_000,
    signal: new AbortController().signal,
    kind,
  })
  const peer = new RawPeer((await accepted)[0], undefined)
  const answer = answerHead(await peer.head())
  peer.socket.write(Buffer.concat([Buffer.from(answer), early]))
  const probe = new TransportProbe(await dialled)
  return { probe, peer, drop: dropper(server, probe.transport, peer) }
}

export async function listenLocally(server: Server): Promise<number> {
  server.listen(0, 'localhost')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

function dropper(server: Server, transport: Transport, peer: RawPeer): () => Promise<void> {
  return async () => {
    transport.destroy()
    peer.socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
}
