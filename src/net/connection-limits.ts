import type { Server, Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import type { Bans } from './bans.ts'
import type { NetworkSet } from './network-set.ts'
import { peerAddress } from './peer-address.ts'
import type { ReadGarbage } from './read-garbage.ts'
import { SilentConnections } from './silent-connections.ts'
import { Turnstile } from './turnstile.ts'

/**
 * Of the JavaScript heap, about, with what is garbage as soon as it stands. Whoever opens thousands
 * is collected after often and in moments, before requests have to wait for it.
 */
const CONNECTION_BYTES = 32_768

/** Which of its limits a port has met. */
export type ConnectionLimit = 'max_connections' | 'max_connections_per_address' | 'flood_ban'

export interface ConnectionLimitsOptions {
  /** Connections at once; 0 is no limit. */
  readonly max: number
  /** Connections at once from one address; 0 is no limit. */
  readonly maxPerAddress: number
  /** Who may open as many as he likes: load balancers, networks of one's own. */
  readonly exempt: NetworkSet
  readonly bans?: Bans
  /** Takes account of what connections leave behind. */
  readonly garbage?: ReadGarbage
  readonly exceeded: (limit: ConnectionLimit, address: string) => void
}

/** A port as its connections are seen from the outside. */
export interface GuardedPort {
  /** What one connection too many is told, if the port speaks in the clear. */
  readonly refusal: string
  /** How long a connection may be silent at first, in milliseconds; 0: as long as it likes. */
  readonly silenceMs: () => number
  /** One was, and is closed without a word: clients open connections that they may not need. */
  readonly wasSilent: (address: string) => void
}

/** Bounds the connections of one port, altogether and from each address. */
export class ConnectionLimits {
  private readonly options: ConnectionLimitsOptions
  private silent: SilentConnections | undefined
  private readonly countByAddress = new Map<string, number>()
  private readonly counted = new WeakSet<Socket>()

  constructor(options: ConnectionLimitsOptions) {
    this.options = options
  }

  /**
   * Watches over a server's connections. Who listens for them by now hears only of those that may
   * come in and have said something, and of a few in a turn; one too many is closed before anything
   * of it was read.
   */
  guard(server: Server, port: GuardedPort): void {
    const { max, exceeded } = this.options
    if (max > 0) {
      // The operating system's socket is closed before a Socket is made of it.
      Object.assign(server, { maxConnections: max })
      server.on('drop', (dropped) => exceeded('max_connections', dropped?.remoteAddress ?? ''))
    }
    const answer = server instanceof TlsServer ? '' : port.refusal
    const readers = server.rawListeners('connection')
    const read = (socket: Socket): void => {
      for (const reader of readers) reader.call(server, socket)
    }
    const newcomers = new Turnstile((socket: Socket) => {
      socket.off('error', destroyIt)
      if (!socket.destroyed) read(socket)
    })
    const silent = new SilentConnections({
      silenceMs: port.silenceMs,
      spoke: (socket) => newcomers.come(socket),
      expired: (socket) => port.wasSilent(peerAddress(socket)),
    })
    this.silent = silent
    server.removeAllListeners('connection')
    server.on('connection', (socket: Socket) => {
      // node:http announces a socket again when it is to read on from it.
      if (this.counted.has(socket)) return read(socket)
      this.counted.add(socket)
      if (!this.admits(socket, answer)) return
      this.options.garbage?.add(CONNECTION_BYTES)
      // It may break while it waits and nobody else listens.
      socket.on('error', destroyIt)
      silent.add(socket)
    })
  }

  /** The port closes: nobody waits any more for those that have not said anything. */
  close(): void {
    this.silent?.close()
  }

  private admits(socket: Socket, answer: string): boolean {
    const address = peerAddress(socket)
    if (address === '' || this.options.exempt.includes(address)) return true
    const { maxPerAddress, bans, exceeded } = this.options
    const count = this.countByAddress.get(address) ?? 0
    if (maxPerAddress > 0 && count >= maxPerAddress) {
      this.refuse(socket, address, answer)
      return false
    }
    this.countByAddress.set(address, count + 1)
    socket.once('close', () => this.left(address))
    if (bans?.holds(socket, address) !== true) return true
    exceeded('flood_ban', address)
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

function destroyIt(this: Socket): void {
  this.destroy()
}
