import type { ClientTls } from '../net/client-tls.ts'
import { MuxConn } from '../net/mux-conn.ts'
import type { MuxRuntime } from '../net/mux-conn.ts'
import type { Transport } from '../net/transport.ts'
import { DialError, dialWebSocket } from '../net/websocket-dial.ts'
import { Backoff, RECONNECT_BACKOFF } from '../std/backoff.ts'
import type { BackoffOptions } from '../std/backoff.ts'
import { toError } from '../std/errors.ts'
import { DEFAULT_SESSION_CONFIG } from '../yamux/config.ts'
import { YamuxError } from '../yamux/errors.ts'
import { GoAwayCode } from '../yamux/frame.ts'
import type { Stream } from '../yamux/session.ts'
import { isRetryableStatus, listenerUrl } from './listener-url.ts'

export interface TunnelOptions {
  /** The server's upstream port, `http://localhost:8001`; a path in it is kept. */
  readonly url: string
  readonly endpointId: string
  /** Sent as a bearer token; a function is asked at each attempt to connect. */
  readonly token?: string | (() => string)
  readonly tenantId?: string
  /** Asked at every attempt to connect, so that a renewed certificate is used from then on. */
  readonly tls?: () => ClientTls
  /** For one attempt to connect. */
  readonly connectTimeoutMs: number
  readonly runtime: MuxRuntime
  readonly backoff?: BackoffOptions
}

/** What the owner of a tunnel is told. */
export interface TunnelOwner {
  /** A request or connection came: attach a handler, or reset it, before returning. */
  accepted(stream: Stream): void
  connected(): void
  /** The tunnel is down, or could not be opened; the next attempt follows after `retryMs`. */
  disconnected(reason: Error, retryMs: number): void
  /** The server will never let this listener in, so it has given up. Last. */
  refused(reason: Error): void
}

/**
 *     connecting ──opened──▶ connected ──lost──▶ waiting
 *      ▲   │  └──failed───────────────────────▶   │
 *      │   └──refused──▶ closed                   │
 *      └──────────────── backoff ─────────────────┘
 *
 * `close` leads to closed from everywhere. A server that says GoAway is replaced: its session
 * finishes what it carries beside the next one.
 */
type TunnelState =
  | { readonly kind: 'connecting'; readonly abort: AbortController }
  | { readonly kind: 'connected'; readonly conn: MuxConn }
  | { readonly kind: 'waiting'; readonly timer: NodeJS.Timeout }
  | { readonly kind: 'closed' }

const SESSION_CONFIG = { ...DEFAULT_SESSION_CONFIG, role: 'client', acceptStreams: true } as const

/** A tunnel that stood this long was a success: its successor is dialled without delay. */
const SETTLED_MS = 1_000

/**
 * A listener's tunnel to a server, opened again and again whatever ended it, until it is closed or
 * the server refuses it for good (a wrong token, an unknown path).
 */
export class Tunnel {
  private readonly options: TunnelOptions
  private readonly owner: TunnelOwner
  private readonly url: URL
  private readonly backoff: Backoff
  /** Sessions that get no more streams and finish those that they have. */
  private readonly finishing = new Set<MuxConn>()
  private state: TunnelState = { kind: 'closed' }
  private openedMs = 0

  /** Throws a TypeError when `url` is none. */
  constructor(options: TunnelOptions, owner: TunnelOwner) {
    this.options = options
    this.owner = owner
    this.url = listenerUrl(options.url, options.endpointId)
    this.backoff = new Backoff(options.backoff ?? RECONNECT_BACKOFF, Math.random)
  }

  /** Begins to connect, and never stops by itself. */
  start(): void {
    const abort = new AbortController()
    this.state = { kind: 'connecting', abort }
    void this.connect(abort.signal)
  }

  /** Gets no more streams; those that are open live on until `destroy`. */
  drain(): void {
    if (this.state.kind === 'connected') {
      this.state.conn.goAway()
      this.finishing.add(this.state.conn)
    }
    this.stop()
  }

  /** Ends everything at once. */
  destroy(): void {
    if (this.state.kind === 'connected') this.finishing.add(this.state.conn)
    this.stop()
    for (const conn of this.finishing) conn.close(GoAwayCode.normal, new YamuxError('closed'))
  }

  private stop(): void {
    if (this.state.kind === 'connecting') this.state.abort.abort()
    if (this.state.kind === 'waiting') clearTimeout(this.state.timer)
    this.state = { kind: 'closed' }
  }

  private async connect(signal: AbortSignal): Promise<void> {
    const { connectTimeoutMs, tls } = this.options
    try {
      const headers = this.headers()
      const transport = await dialWebSocket({
        url: this.url,
        headers,
        timeoutMs: connectTimeoutMs,
        tls: tls?.(),
        signal,
      })
      if (signal.aborted) transport.destroy()
      else this.opened(transport)
    } catch (error) {
      if (!signal.aborted) this.failed(toError(error))
    }
  }

  private headers(): Record<string, string> {
    const { token, tenantId } = this.options
    return {
      // Tells a node that this listener moves first when it is asked to leave.
      'x-piko-client': 'js',
      ...(token !== undefined && { authorization: `Bearer ${textOf(token)}` }),
      ...(tenantId !== undefined && { 'x-piko-tenant-id': tenantId }),
    }
  }

  private opened(transport: Transport): void {
    const conn: MuxConn = new MuxConn(
      transport,
      {
        accepted: (stream) => this.owner.accepted(stream),
        peerGoAway: () => this.replace(conn),
        closed: (error) => this.lost(conn, error),
      },
      { runtime: this.options.runtime, config: SESSION_CONFIG },
    )
    // The requests of the tunnels before go on; new ones come here.
    for (const old of this.finishing) old.goAway()
    this.state = { kind: 'connected', conn }
    this.openedMs = performance.now()
    this.owner.connected()
  }

  private failed(reason: Error): void {
    const { status } = reason instanceof DialError ? reason : {}
    if (status !== undefined && !isRetryableStatus(status)) {
      this.state = { kind: 'closed' }
      this.owner.refused(reason)
    } else {
      this.retry(reason)
    }
  }

  /** The server finishes what it has and wants no more of us: find another one now. */
  private replace(conn: MuxConn): void {
    if (!this.isCurrent(conn)) return
    this.finishing.add(conn)
    this.retry(new YamuxError('peer-go-away', 'the server asked to leave'))
  }

  private lost(conn: MuxConn, reason: YamuxError): void {
    this.finishing.delete(conn)
    if (this.isCurrent(conn)) this.retry(reason)
  }

  private retry(reason: Error): void {
    // A server that lets us in and drops us at once must not be dialled in a tight loop.
    if (this.state.kind === 'connected' && performance.now() - this.openedMs > SETTLED_MS) {
      this.backoff.reset()
    }
    const retryMs = this.backoff.nextMs()
    this.state = { kind: 'waiting', timer: setTimeout(() => this.start(), retryMs) }
    this.owner.disconnected(reason, retryMs)
  }

  private isCurrent(conn: MuxConn): boolean {
    return this.state.kind === 'connected' && this.state.conn === conn
  }
}

function textOf(token: string | (() => string)): string {
  return typeof token === 'function' ? token() : token
}
