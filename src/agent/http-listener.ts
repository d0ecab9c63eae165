import type { PikoError } from '../client/piko-error.ts'
import { TunnelGroup } from '../client/tunnel-group.ts'
import type { TunnelGroupOptions } from '../client/tunnel-group.ts'
import type { TunnelOwner } from '../client/tunnel.ts'
import type { AccessLog } from '../log/access-log.ts'
import type { RequestCounters } from '../metrics/request-metrics.ts'
import type { ClientTls } from '../net/client-tls.ts'
import { SocketPool } from '../net/socket-pool.ts'
import { UnderWay } from '../net/under-way.ts'
import { fieldValue } from '../http1/fields.ts'
import type { Stream } from '../yamux/session.ts'
import type { ServiceAddress } from './service-address.ts'
import { ServiceExchange } from './service-exchange.ts'

/**
 * Heads of requests and responses above this are refused. Servers of the deployed Piko take 1 MiB
 * from their clients, and add fields of their own.
 */
const HEAD_BYTES_MAX = (1024 + 16) * 1024

export interface HttpListenerOptions {
  readonly tunnel: TunnelGroupOptions
  readonly service: ServiceAddress
  /** For a service that speaks TLS. */
  readonly serviceTls: () => ClientTls
  /** How long the service may take to begin its answer. */
  readonly timeoutMs: number
  readonly pool: { idleMax: number; idleTimeoutMs: number; keepAliveMs: number }
  readonly counters: RequestCounters
  readonly accessLog: AccessLog
  readonly connected: () => void
  /** The server will never let this listener in. Last. */
  readonly refused: (reason: Error) => void
}

/** Registers one endpoint and forwards its requests to an HTTP service. */
export class HttpListener implements TunnelOwner {
  private readonly options: HttpListenerOptions
  private readonly tunnel: TunnelGroup
  private readonly pool: SocketPool
  private readonly exchanges = new UnderWay<ServiceExchange>()
  private idle: (() => void) | undefined

  constructor(options: HttpListenerOptions) {
    this.options = options
    this.pool = new SocketPool({
      address: options.service,
      tls: options.service.tls ? options.serviceTls : undefined,
      ...options.pool,
      turn: options.tunnel.runtime.turn,
    })
    this.tunnel = new TunnelGroup(options.tunnel, this)
  }

  /** Requests under way. */
  get exchangeCount(): number {
    return this.exchanges.size
  }

  start(): void {
    this.tunnel.start()
  }

  /** Takes no more requests; resolves when those under way are answered. */
  async drain(): Promise<void> {
    const left = this.tunnel.drain()
    if (this.exchanges.size > 0) {
      await new Promise<void>((resolve) => {
        this.idle = resolve
      })
    }
    await left
  }

  /** Closes everything, and cuts what is still under way. */
  close(): void {
    for (const exchange of this.exchanges.members()) exchange.abort()
    this.tunnel.destroy()
    this.pool.close()
  }

  // What the tunnel says.

  accepted(stream: Stream): void {
    const startedMs = performance.now()
    this.options.counters.started()
    const exchange = new ServiceExchange(stream, {
      pool: this.pool,
      basePath: this.options.service.basePath,
      timeoutMs: this.options.timeoutMs,
      headBytesMax: HEAD_BYTES_MAX,
      closed: (closed) => this.closed(closed, performance.now() - startedMs),
    })
    this.exchanges.add(exchange)
  }

  connected(): void {
    this.options.connected()
  }

  disconnected(): void {}

  refused(reason: PikoError): void {
    this.options.refused(reason)
  }

  private closed(exchange: ServiceExchange, durationMs: number): void {
    this.exchanges.remove(exchange)
    this.account(exchange, durationMs)
    if (this.exchanges.size === 0) this.idle?.()
  }

  private account({ request, outcome, requestBytes }: ServiceExchange, durationMs: number): void {
    const { counters, accessLog } = this.options
    const { status, fields, byteCount } = outcome
    const method = request?.method ?? ''
    counters.finished({ method, status, durationMs, requestBytes, responseBytes: byteCount })
    if (request === undefined || !accessLog.isEnabled(status)) return
    accessLog.write({
      proto: `HTTP/1.${request.minorVersion}`,
      method,
      host: fieldValue(request.fields, 'host') ?? '',
      target: request.target,
      requestFields: request.fields,
      responseFields: fields,
      status,
      durationMs,
    })
  }
}
