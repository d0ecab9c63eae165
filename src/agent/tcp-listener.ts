import { TunnelGroup } from '../client/tunnel-group.ts'
import type { TunnelGroupOptions } from '../client/tunnel-group.ts'
import type { TunnelOwner } from '../client/tunnel.ts'
import type { Logger, LogLevel } from '../log/logger.ts'
import type { ConnectionCounters } from '../metrics/connection-metrics.ts'
import { formatDuration } from '../std/duration.ts'
import { TcpConnection } from '../net/tcp-connection.ts'
import { describeError } from '../std/errors.ts'
import { formatHostPort } from '../std/host-port.ts'
import type { HostPort } from '../std/host-port.ts'
import type { Stream } from '../yamux/session.ts'

export interface TcpListenerOptions {
  readonly tunnel: TunnelGroupOptions
  readonly service: HostPort
  /** How long the service may take to accept a connection. */
  readonly timeoutMs: number
  readonly counters: ConnectionCounters
  /** Of connections that open and close: the level, and where to. */
  readonly accessLog: { readonly disable: boolean; readonly level: LogLevel }
  readonly accessLogger: Logger
  readonly logger: Logger
  readonly connected: () => void
  /** The server will never let this listener in. Last. */
  readonly refused: () => void
}

/** Registers one endpoint and forwards its connections to a TCP service. */
export class TcpListener implements TunnelOwner {
  private readonly options: TcpListenerOptions
  private readonly tunnel: TunnelGroup
  private readonly connections = new Set<TcpConnection>()
  private idle: (() => void) | undefined

  constructor(options: TcpListenerOptions) {
    this.options = options
    this.tunnel = new TunnelGroup(options.tunnel, this)
  }

  /** Connections that are open. */
  get exchangeCount(): number {
    return this.connections.size
  }

  start(): void {
    this.tunnel.start()
  }

  /** Takes no more connections; resolves when those that are open have ended. */
  async drain(): Promise<void> {
    const left = this.tunnel.drain()
    if (this.connections.size > 0) {
      await new Promise<void>((resolve) => {
        this.idle = resolve
      })
    }
    await left
  }

  /** Closes everything, and cuts what is still open. */
  close(): void {
    for (const connection of this.connections) connection.abort()
    this.tunnel.destroy()
  }

  // What the tunnel says.

  accepted(stream: Stream): void {
    const startedMs = performance.now()
    const { service, timeoutMs, counters } = this.options
    const connection = new TcpConnection(stream, {
      service,
      timeoutMs,
      closed: (closed, failure) => this.closed(closed, performance.now() - startedMs, failure),
    })
    this.connections.add(connection)
    counters.opened(connection)
    this.logAccess('connection opened')
  }

  connected(): void {
    this.options.connected()
  }

  disconnected(): void {}

  refused(): void {
    this.options.refused()
  }

  private closed(connection: TcpConnection, durationMs: number, failure: Error | undefined): void {
    this.connections.delete(connection)
    this.options.counters.closed(connection)
    if (failure !== undefined) this.unreachable(failure)
    this.logAccess('connection closed', {
      'received-bytes': connection.fromClientBytes,
      'sent-bytes': connection.toClientBytes,
      duration: formatDuration(Math.round(durationMs)),
    })
    if (this.connections.size === 0) this.idle?.()
  }

  private unreachable(failure: Error): void {
    this.options.logger.warn('service unreachable', {
      'endpoint-id': this.options.tunnel.endpointId,
      addr: formatHostPort(this.options.service),
      reason: describeError(failure),
    })
  }

  private logAccess(message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    const { accessLog, accessLogger, tunnel } = this.options
    const level = accessLog.disable ? 'debug' : accessLog.level
    accessLogger[level](message, { 'endpoint-id': tunnel.endpointId, ...fields })
  }
}
