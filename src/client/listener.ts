import { EventEmitter } from 'node:events'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream'
import { TcpConnection } from '../net/tcp-connection.ts'
import { describeError } from '../std/errors.ts'
import { parseHostPort, parsePort } from '../std/host-port.ts'
import type { HostPort } from '../std/host-port.ts'
import type { Stream } from '../yamux/session.ts'
import { AcceptQueue } from './accept-queue.ts'
import { Connection } from './connection.ts'
import { PikoError } from './piko-error.ts'
import { TunnelGroup } from './tunnel-group.ts'
import type { TunnelGroupOptions, TunnelGroupOwner } from './tunnel-group.ts'

/** What a listener emits, with what is given to those who hear it. */
export interface ListenerEvents {
  /** A request or a TCP connection came. */
  connection: [connection: Connection]
  /** The endpoint is registered, for the first time or again: a first tunnel stands. */
  connected: []
  /** No tunnel is left, or none could be opened; the next attempt follows after `retryMs`. */
  reconnecting: [reason: PikoError, retryMs: number]
  /** A node is leaving. What is open goes on while a tunnel to another node is opened. */
  draining: []
  /**
   * The token was refused to one tunnel; others may stand. A listener with a token function that
   * was let in before tries again.
   */
  unauthorized: [reason: PikoError]
  /** The listener has given up: the server will never let it in. */
  error: [error: PikoError]
  /** No more connections come. Last. */
  close: []
}

/** Something that takes connections by its event, as `http.Server` and `net.Server` do. */
export interface ConnectionServer {
  emit(event: 'connection', connection: Duplex): boolean
}

/** How long a service may take to accept a connection. */
const SERVICE_TIMEOUT_MS = 10_000

export interface ListenerOptions {
  readonly tunnel: TunnelGroupOptions
  readonly allowHalfOpen: boolean
}

/**
 * Accepts the requests and connections of one endpoint, and reconnects by itself. Connections go to
 * those who hear 'connection' or iterate; until somebody does, they wait.
 *
 *     for await (const connection of listener) connection.pipe(connection)
 */
export class Listener
  extends EventEmitter<ListenerEvents>
  implements AsyncIterable<Connection>, AsyncDisposable
{
  readonly endpoint: string
  private readonly allowHalfOpen: boolean
  private readonly tunnel: TunnelGroup
  private readonly options: TunnelGroupOptions
  /** Where connections are forwarded to, by whom nothing of them is seen here. */
  private service: HostPort | undefined
  private readonly forwarded = new Set<TcpConnection>()
  private readonly connections = new Set<Connection>()
  private readonly queue = new AcceptQueue<Connection>()
  private acceptedCount = 0
  private closing: Promise<void> | undefined
  private isClosed = false

  /** Throws a PikoError when an option is invalid. `start` begins to connect. */
  constructor({ tunnel, allowHalfOpen }: ListenerOptions) {
    super()
    this.endpoint = tunnel.endpointId
    this.allowHalfOpen = allowHalfOpen
    this.options = tunnel
    this.tunnel = new TunnelGroup(tunnel, this.tunnelOwner)
    whenHeard(this, 'connection', () => this.handOut())
  }

  /** Connections that are open. */
  get connectionCount(): number {
    return this.connections.size + this.forwarded.size
  }

  /** Begins to connect; 'connected' follows. `listen` has done it. */
  start(): this {
    this.tunnel.start()
    return this
  }

  /**
   * Takes no more connections; those that are open go on. Resolves when the last one is done. The
   * clients of an endpoint with other listeners notice nothing.
   */
  async close(): Promise<void> {
    this.closing ??= this.leave()
    return this.closing
  }

  /** Takes no more connections, and breaks off those that are open. */
  async shutdown(): Promise<void> {
    const closing = this.close()
    for (const connection of this.connections) connection.destroy()
    for (const connection of this.forwarded) connection.abort()
    this.tunnel.destroy()
    return closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /**
   * Hands every connection to a server, which needs no port of its own:
   * `listener.serve(http.createServer(app))`.
   */
  serve(server: ConnectionServer): this {
    return this.on('connection', (connection) => {
      server.emit('connection', connection)
    })
  }

  /**
   * Forwards every connection to a service, a port of this machine or `host:port`, byte for byte
   * with both ends of its own. One whose service cannot be reached is reset, and the log says why.
   * Throws a PikoError when `address` is none.
   */
  forwardTo(address: string | number): this {
    const service = parseService(String(address))
    this.service = service
    for (const waiting of this.queue.takeAll()) {
      pipeline(waiting, connect(service), waiting, () => {})
    }
    return this
  }

  /** The connections as they come; ends with `close`, and throws when the listener has given up. */
  [Symbol.asyncIterator](): AsyncIterator<Connection, undefined> {
    return this.queue.iterate()
  }

  private readonly tunnelOwner: TunnelGroupOwner = {
    accepted: (stream) => this.accepted(stream),
    connected: () => {
      this.emit('connected')
    },
    tunnelDown: (reason) => {
      if (reason.code === 'draining') this.emit('draining')
      if (reason.code === 'unauthorized') this.emit('unauthorized', reason)
    },
    disconnected: (reason, retryMs) => {
      this.emit('reconnecting', reason, retryMs)
    },
    refused: (reason) => this.failed(reason),
  }

  private accepted(stream: Stream): void {
    if (this.service !== undefined) return this.forward(stream, this.service)
    this.acceptedCount += 1
    const { endpoint, allowHalfOpen } = this
    const id = `${endpoint}-${this.acceptedCount}`
    const connection = new Connection(stream, { endpoint, id, allowHalfOpen })
    this.connections.add(connection)
    connection.once('close', () => {
      this.connections.delete(connection)
      this.queue.remove(connection)
    })
    if (!this.emit('connection', connection)) this.queue.push(connection)
  }

  private forward(stream: Stream, service: HostPort): void {
    const connection = new TcpConnection(stream, {
      service,
      timeoutMs: SERVICE_TIMEOUT_MS,
      closed: (closed, failure) => {
        this.forwarded.delete(closed)
        if (failure === undefined) return
        const reason = describeError(failure)
        this.options.logger?.warn('service unreachable', { 'endpoint-id': this.endpoint, reason })
      },
    })
    this.forwarded.add(connection)
  }

  /** What has waited for somebody to hear 'connection'. */
  private handOut(): void {
    if (this.listenerCount('connection') === 0) return
    for (const connection of this.queue.takeAll()) this.emit('connection', connection)
  }

  private failed(reason: PikoError): void {
    const isHeard = this.queue.fail(reason)
    if (!isHeard || this.listenerCount('error') > 0) this.emit('error', reason)
    this.ended()
  }

  private async leave(): Promise<void> {
    this.queue.close()
    await this.tunnel.drain()
    this.ended()
  }

  private ended(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.emit('close')
  }
}

/** Calls `act` soon after somebody began to hear the event. */
function whenHeard(emitter: EventEmitter, event: string, act: () => void): void {
  emitter.on('newListener', (heard) => {
    if (heard === event) process.nextTick(act)
  })
}

function parseService(address: string): HostPort {
  const port = parsePort(address)
  const service = port === undefined ? parseHostPort(address) : { host: '', port }
  if (service !== undefined) return { ...service, host: service.host || 'localhost' }
  throw new PikoError('invalid-option', `address: ${address} is neither a port nor host:port`)
}
