import { connect as connectTcp, createServer as createTcpServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { parseHostPort } from '../std/host-port.ts'
import type { HostPort } from '../std/host-port.ts'
import { assert } from '../std/assert.ts'
import type { KeyRing } from './key-ring.ts'
import { listen } from './listen.ts'
import { PacketPort } from './packet-port.ts'
import { PacketSeal } from './packet-seal.ts'
import type { ReadGarbage } from './read-garbage.ts'
import { Tarpit } from './tarpit.ts'

/** What a stream between nodes is for; the first byte on it says so. */
export const StreamKind = { sync: 0x53, relay: 0x52 } as const
export type StreamKind = (typeof StreamKind)[keyof typeof StreamKind]

/** What the port brings. Everything was authenticated before, if the cluster has a secret. */
export interface NodePortHandler {
  packet(from: string, bytes: Uint8Array): void
  /** A node opened a stream. Nothing of it was read but the kind. */
  stream(kind: StreamKind, socket: Socket): void
  /** Where the known nodes are: their datagrams are looked at even in a flood. */
  nodeAddresses(): Iterable<string>
}

/** What everybody together may use of the port. */
export interface NodePortLimits {
  /** Streams to this node at once. */
  readonly maxConnections: number
  /** Datagrams a second from addresses that are no known node's. */
  readonly maxStrangerPackets: number
  readonly exceeded: (limit: 'max_connections' | 'max_stranger_packets', address: string) => void
}

export interface NodePortOptions {
  /** The cluster's secrets; undefined: everything is in the clear. */
  readonly keys: KeyRing | undefined
  readonly limits: NodePortLimits
  /** Takes account of what datagrams leave behind. */
  readonly garbage: ReadGarbage
}

/** Streams of strangers that have not said yet what they are for, at once. */
const UNDECLARED_MAX = 256
const DECLARE_MS = 5_000

/** Of streams that said what nobody understands; nodes must find room beside them. */
const HELD_MAX = 256

/**
 * What a datagram counts for. It leaves less behind, but collecting costs by the number: a thousand
 * at once take a third of a millisecond, which requests can wait for in a flood of them.
 */
const DATAGRAM_GARBAGE_BYTES = 4_096

/** Reconciliations that others ask for, at once: each may hold a whole message. */
const SYNCS_MAX = 16

/** Only for a pre-shared key, with an ephemeral exchange: what was recorded stays secret. */
const PSK_OPTIONS = {
  ciphers: 'ECDHE-PSK-CHACHA20-POLY1305',
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.2',
} as const

/**
 * The port that is for nodes only, UDP and TCP: datagrams carry gossip, streams carry what gossip
 * cannot fit in them, and relayed requests. With a cluster secret datagrams are sealed and streams
 * are TLS with a pre-shared key (RFC 5489); without one both are plain.
 */
export class NodePort {
  private readonly handler: NodePortHandler
  private readonly keys: KeyRing | undefined
  private readonly seal: PacketSeal | undefined
  private readonly server: Server
  private readonly packets: PacketPort
  private readonly sockets = new Set<Socket>()
  private readonly limits: NodePortLimits
  private readonly garbage: ReadGarbage
  private readonly tarpit = new Tarpit(HELD_MAX)
  private undeclared = 0
  private syncs = 0
  /** Datagrams that were sealed with no key of ours, or came again. */
  foreignPackets = 0

  constructor(handler: NodePortHandler, { keys, limits, garbage }: NodePortOptions) {
    this.limits = limits
    this.garbage = garbage
    this.handler = handler
    this.keys = keys
    this.seal = keys && new PacketSeal(keys)
    this.packets = this.createPacketPort()
    this.server = this.createServer()
    this.server.maxConnections = limits.maxConnections
    this.server.on('drop', (dropped) => this.tooMany(dropped?.remoteAddress ?? ''))
  }

  /** Sealed datagrams that somebody sent again. */
  get replayedPackets(): number {
    return this.seal?.replays ?? 0
  }

  /** Opens both sides on one port. Rejects with a ListenError. */
  async listen(address: HostPort): Promise<HostPort> {
    const bound = await listen(this.server, address, 'gossip')
    await this.packets.bind(bound)
    return bound
  }

  /** Sends a datagram; it may be lost. */
  send(address: string, bytes: Uint8Array): void {
    this.packets.send(address, this.seal?.seal(bytes) ?? bytes)
  }

  /** Opens a stream to another node. What is written before it is connected waits. */
  dial(address: string, kind: StreamKind): Socket {
    const { host, port } = parsed(address)
    const socket = this.keys === undefined ? connectTcp({ host, port }) : this.dialTls(host, port)
    this.track(socket)
    socket.write(Uint8Array.of(kind))
    return socket
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    await Promise.all([
      this.packets.close(),
      new Promise<void>((resolve) => this.server.close(() => resolve())),
    ])
  }

  private createServer(): Server {
    const { keys } = this
    if (keys === undefined) return createTcpServer((socket) => this.accepted(socket))
    const options = {
      ...PSK_OPTIONS,
      handshakeTimeout: DECLARE_MS,
      pskCallback: (_socket: unknown, identity: string) =>
        keys.find(Buffer.from(identity, 'hex'))?.streamKey ?? null,
    }
    const server = createTlsServer(options, (socket) => this.accepted(socket))
    // A stranger's handshake fails; its socket is closed already.
    return server.on('tlsClientError', () => {})
  }

  private dialTls(host: string, port: number): Socket {
    const { id, streamKey } = (this.keys as KeyRing).current
    return connectTls({
      ...PSK_OPTIONS,
      host,
      port,
      pskCallback: () => ({ psk: streamKey, identity: id.toString('hex') }),
      // Whoever has the key is the cluster: there are no certificates to check.
      checkServerIdentity: () => undefined,
    })
  }

  /** Waits for the byte that says what the stream is for. */
  private accepted(socket: Socket): void {
    this.track(socket)
    if (this.undeclared >= UNDECLARED_MAX) return this.refuse(socket)
    this.undeclared += 1
    const timer = setTimeout(() => socket.destroy(), DECLARE_MS)
    const declared = (): void => {
      this.undeclared -= 1
      clearTimeout(timer)
      socket.off('close', declared)
    }
    socket.once('close', declared)
    socket.once('data', (chunk: Buffer) => {
      declared()
      socket.pause()
      if (chunk.length > 1) socket.unshift(chunk.subarray(1))
      const kind = Object.values(StreamKind).find((known) => known === chunk[0])
      if (kind === undefined) this.tarpit.hold(socket, DECLARE_MS)
      else this.begin(kind, socket)
    })
  }

  private begin(kind: StreamKind, socket: Socket): void {
    if (kind === StreamKind.sync) {
      if (this.syncs >= SYNCS_MAX) return this.refuse(socket)
      this.syncs += 1
      socket.once('close', () => (this.syncs -= 1))
    }
    this.handler.stream(kind, socket)
  }

  private refuse(socket: Socket): void {
    this.tooMany(socket.remoteAddress ?? '')
    socket.destroy()
  }

  private tooMany(address: string): void {
    this.limits.exceeded('max_connections', address)
  }

  private track(socket: Socket): void {
    this.sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => this.sockets.delete(socket))
  }

  private createPacketPort(): PacketPort {
    const { handler, limits } = this
    return new PacketPort(
      {
        packet: (from, bytes) => this.received(from, bytes),
        refused: (address) => this.refusedPacket(address),
        nodeAddresses: () => handler.nodeAddresses(),
      },
      limits.maxStrangerPackets,
    )
  }

  private received(from: string, bytes: Buffer): void {
    this.garbage.add(DATAGRAM_GARBAGE_BYTES)
    const packet = this.seal === undefined ? bytes : this.seal.open(bytes)
    if (packet === undefined) this.foreignPackets += 1
    else this.handler.packet(from, packet)
  }

  private refusedPacket(address: string): void {
    this.garbage.add(DATAGRAM_GARBAGE_BYTES)
    this.limits.exceeded('max_stranger_packets', address)
  }
}

/** Addresses between nodes are IP addresses: a name from the wire is never resolved. */
function parsed(address: string): HostPort {
  const hostPort = parseHostPort(address)
  assert(hostPort !== undefined, 'addresses of nodes are checked when they are decoded')
  return hostPort
}
