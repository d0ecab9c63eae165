import { createSocket } from 'node:dgram'
import type { Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { assert } from '../std/assert.ts'
import { formatHostPort, parseHostPort } from '../std/host-port.ts'
import type { HostPort } from '../std/host-port.ts'
import { ListenError } from './listen.ts'
import { PacketGate } from './packet-gate.ts'

export interface PacketPortHandler {
  packet(from: string, bytes: Buffer): void
  /** A stranger's datagram was not looked at. `address` is without its port. */
  refused(address: string): void
  /** Where the known nodes are: their datagrams are looked at even in a flood. */
  nodeAddresses(): Iterable<string>
}

/** The system searches the sockets of a port one by one. */
const LANES_MAX = 256

/** Without a flood for so long nobody needs a lane. */
const CALM_MS = 10_000

/**
 * A port for datagrams that everybody may send. In a flood of strangers each known node gets a
 * socket of its own, connected to it, and the one for everybody is closed until the next second: to
 * read a datagram costs far more than to look at it, and nodes do not queue behind strangers.
 *
 *     calm      everybody ──▶ [ open socket ]
 *
 *     flood     node A ─────▶ [ lane to A ]
 *               node B ─────▶ [ lane to B ]
 *               strangers ──▶ the system drops them
 *
 * Sockets can share the port only because each says that it may be shared (SO_REUSEADDR). Whoever
 * runs a second node on it is told by the TCP port of the same number.
 */
export class PacketPort {
  private readonly handler: PacketPortHandler
  private readonly gate: PacketGate
  private readonly lanes = new Map<string, Socket>()
  private address: HostPort = { host: '', port: 0 }
  private everybody: Socket | undefined
  private isResting = false
  private isClosed = false
  private next: NodeJS.Timeout | undefined
  private calm: NodeJS.Timeout | undefined

  /** Of strangers up to `strangersPerSecond` datagrams are looked at. */
  constructor(handler: PacketPortHandler, strangersPerSecond: number) {
    this.handler = handler
    this.gate = new PacketGate(strangersPerSecond, () => handler.nodeAddresses())
  }

  /** Rejects with a ListenError. */
  async bind(address: HostPort): Promise<void> {
    this.address = address
    try {
      this.everybody = await this.bound()
    } catch (cause) {
      const place = `${formatHostPort(address)} (UDP)`
      throw new ListenError('listen', `gossip port: listen on ${place}: failed`, { cause })
    }
  }

  /** Sends a datagram; it may be lost. */
  send(address: string, bytes: Uint8Array): void {
    const { host, port } = parsed(address)
    const lane = this.lanes.get(address)
    if (this.everybody !== undefined) this.everybody.send(bytes, port, host)
    else if (lane !== undefined) lane.send(bytes)
    else void this.sendByNewLane(address, bytes)
  }

  async close(): Promise<void> {
    this.isClosed = true
    clearTimeout(this.next)
    clearTimeout(this.calm)
    this.closeLanes()
    const { everybody } = this
    this.everybody = undefined
    await new Promise<void>((resolve) => (everybody ? everybody.close(resolve) : resolve()))
  }

  private received(bytes: Buffer, from: { address: string; port: number }): void {
    const address = formatHostPort({ host: from.address, port: from.port })
    if (this.gate.admits(address, performance.now())) return this.handler.packet(address, bytes)
    this.handler.refused(from.address)
    if (!this.isResting) void this.rest()
  }

  /** Hears nobody but known nodes until the gate's next window. */
  private async rest(): Promise<void> {
    const nodes = this.gate.known
    if (nodes.size > LANES_MAX) return
    this.isResting = true
    clearTimeout(this.calm)
    await this.openLanes(nodes)
    if (this.isClosed) return
    this.everybody?.close()
    this.everybody = undefined
    this.wakeAfter(this.gate.windowEndsMs - performance.now())
  }

  private wakeAfter(delayMs: number): void {
    this.next = setTimeout(() => void this.wake(), Math.max(0, delayMs))
  }

  private async wake(): Promise<void> {
    const everybody = await this.bound().catch(() => undefined)
    if (this.isClosed) return void everybody?.close()
    // Somebody else may have taken the port meanwhile, and give it back.
    if (everybody === undefined) return this.wakeAfter(CALM_MS)
    this.everybody = everybody
    this.isResting = false
    this.calm = setTimeout(() => this.closeLanes(), CALM_MS)
  }

  private async openLanes(nodes: ReadonlySet<string>): Promise<void> {
    for (const [address, lane] of this.lanes) {
      if (nodes.has(address)) continue
      this.lanes.delete(address)
      lane.close()
    }
    const missing = [...nodes].filter((address) => !this.lanes.has(address))
    await Promise.all(missing.map(async (address) => this.openLane(address)))
  }

  /** To whom this node would like to know: so the answer is heard in the flood, too. */
  private async sendByNewLane(address: string, bytes: Uint8Array): Promise<void> {
    if (this.isClosed || this.lanes.size >= LANES_MAX) return
    await this.openLane(address)
    this.lanes.get(address)?.send(bytes)
  }

  private async openLane(address: string): Promise<void> {
    const { host, port } = parsed(address)
    const lane = await this.bound().catch(() => undefined)
    if (lane === undefined) return
    const failure = await new Promise<Error | undefined>((resolve) => {
      const connected: (error?: Error) => void = resolve
      lane.connect(port, host, connected)
    })
    // It fails for an address that is not of this socket's family.
    if (failure !== undefined || this.isClosed || this.lanes.has(address)) lane.close()
    else this.lanes.set(address, lane)
  }

  private closeLanes(): void {
    for (const lane of this.lanes.values()) lane.close()
    this.lanes.clear()
  }

  private async bound(): Promise<Socket> {
    const { host, port } = this.address
    const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4', reuseAddr: true })
    socket.on('message', (bytes, from) => this.received(bytes, from))
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind({ port, ...(host !== '' && { address: host }) }, resolve)
    })
    // An unreachable peer comes back as an error of the socket; gossip finds out by itself.
    socket.on('error', () => {})
    return socket
  }
}

/** Addresses between nodes are IP addresses: a name from the wire is never resolved. */
function parsed(address: string): HostPort {
  const hostPort = parseHostPort(address)
  assert(hostPort !== undefined, 'addresses of nodes are checked when they are decoded')
  return hostPort
}
