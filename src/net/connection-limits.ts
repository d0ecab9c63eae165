import type { Server, Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import type { NetworkSet } from './network-set.ts'
import { peerAddress } from './peer-address.ts'

/** Which of its limits a port has met. */
export type ConnectionLimit = 'max_connections' | 'max_connections_per_address' | 'flood_ban'

/** Banned addresses that are remembered; of more, the first is forgotten. */
const BANNED_MAX = 10_000

export interface ConnectionLimitsOptions {
  /** Connections at once; 0 is no limit. */
  readonly max: number
  /** Connections at once from one address; 0 is no limit. */
  readonly maxPerAddress: number
  /** How long who was banned gets no connection, in milliseconds; 0: nobody is banned. */
  readonly banMs?: number
  /** Who may open as many as he likes: load balancers, networks of one's own. */
  readonly exempt: NetworkSet
  readonly exceeded: (limit: ConnectionLimit, address: string) => void
}

/** Bounds the connections of one port, altogether and from each address. */
export class ConnectionLimits {
  private readonly options: ConnectionLimitsOptions
  private readonly countByAddress = new Map<string, number>()
  private readonly counted = new WeakSet<Socket>()
  /** Until when, in the order of the bans. */
  private readonly bannedUntilMs = new Map<string, number>()

  constructor(options: ConnectionLimitsOptions) {
    this.options = options
  }

  /**
   * Watches over a server's connections. One too many is closed before anything of it was read;
   * `refusal` is what it is told, if the port speaks in the clear.
   */
  guard(server: Server, refusal: string): void {
    const { max, maxPerAddress, banMs = 0, exceeded } = this.options
    if (max > 0) {
      // The operating system's socket is closed before a Socket is made of it.
      Object.assign(server, { maxConnections: max })
      server.on('drop', (dropped) => exceeded('max_connections', dropped?.remoteAddress ?? ''))
    }
    if (maxPerAddress === 0 && banMs === 0) return
    const answer = server instanceof TlsServer ? '' : refusal
    server.prependListener('connection', (socket: Socket) => this.came(socket, answer))
  }

  /** Takes no connections from there for a while. Those that stand are not touched. */
  ban(address: string): void {
    const { banMs = 0, exempt } = this.options
    if (banMs === 0 || exempt.includes(address)) return
    this.bannedUntilMs.delete(address)
    this.bannedUntilMs.set(address, performance.now() + banMs)
    if (this.bannedUntilMs.size <= BANNED_MAX) return
    const [first] = this.bannedUntilMs.keys()
    this.bannedUntilMs.delete(first as string)
  }

  private came(socket: Socket, answer: string): void {
    // node:http announces a socket again when it is to read on from it.
    if (this.counted.has(socket)) return
    this.counted.add(socket)
    const address = peerAddress(socket)
    if (address === '' || this.options.exempt.includes(address)) return
    if (this.isBanned(address)) {
      this.options.exceeded('flood_ban', address)
      // Not a word: it has to be cheap.
      return void socket.destroy()
    }
    const { maxPerAddress } = this.options
    if (maxPerAddress === 0) return
    const count = this.countByAddress.get(address) ?? 0
    if (count >= maxPerAddress) return this.refuse(socket, address, answer)
    this.countByAddress.set(address, count + 1)
    socket.once('close', () => this.left(address))
  }

  private isBanned(address: string): boolean {
    const untilMs = this.bannedUntilMs.get(address)
    if (untilMs === undefined) return false
    if (untilMs > performance.now()) return true
    this.bannedUntilMs.delete(address)
    return false
  }

  private refuse(socket: Socket, address: string, answer: string): void {
    this.options.exceeded('max_connections_per_address', address)
    socket.on('error', () => socket.destroy())
    if (answer === '') socket.destroy()
    else socket.end(answer, () => socket.destroy())
  }

  private left(address: string): void {
    const count = (this.countByAddress.get(address) ?? 0) - 1
    if (count > 0) this.countByAddress.set(address, count)
    else this.countByAddress.delete(address)
  }
}
