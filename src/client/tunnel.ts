import type { IncomingHttpHeaders } from 'node:http'
import { MuxConn } from '../net/mux-conn.ts'
import type { MuxRuntime } from '../net/mux-conn.ts'
import type { Transport } from '../net/transport.ts'
import { Backoff, RECONNECT_BACKOFF } from '../std/backoff.ts'
import type { BackoffOptions } from '../std/backoff.ts'
import { formatDuration } from '../std/duration.ts'
import { describeError } from '../std/errors.ts'
import { DEFAULT_SESSION_CONFIG, WATCHFUL_KEEP_ALIVE } from '../yamux/config.ts'
import type { SessionConfig } from '../yamux/config.ts'
import { YamuxError } from '../yamux/errors.ts'
import { GoAwayCode } from '../yamux/frame.ts'
import type { Stream } from '../yamux/session.ts'
import { connect } from './connect.ts'
import type { ConnectTarget } from './connect.ts'
import { connectError } from './connect-error.ts'
import type { ClientLogger } from './connect-options.ts'
import { PikoError } from './piko-error.ts'
import { listenerUrl, shownUrl } from './piko-url.ts'

export interface TunnelOptions extends ConnectTarget {
  /** The server's upstream port, `http://localhost:8001`; a path in it is kept. */
  readonly url: string
  readonly endpointId: string
  readonly runtime: MuxRuntime
  readonly backoff?: BackoffOptions
  /** What may be under way to this side on one stream; at least 256 KiB, which is the default. */
  readonly windowBytes?: number
  readonly logger?: ClientLogger | undefined
  /** Nodes that the listener's other tunnels lead to, as they were named: this one avoids them. */
  readonly siblings?: () => readonly string[]
}

/** What the owner of a tunnel is told. */
export interface TunnelOwner {
  /** A request or connection came: attach a handler, or reset it, before returning. */
  accepted(stream: Stream): void
  connected(): void
  /**
   * The tunnel is down, or could not be opened; the next attempt follows after `retryMs`. With the
   * code `draining` the node has only asked to leave: what is open lives on.
   */
  disconnected(reason: PikoError, retryMs: number): void
  /** The server will never let this listener in, so it has given up. Last. */
  refused(reason: PikoError): void
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

const SESSION_CONFIG = {
  ...DEFAULT_SESSION_CONFIG,
  ...WATCHFUL_KEEP_ALIVE.listener,
  role: 'client',
  acceptStreams: true,
} as const

/** So often a node that asked to leave is avoided; it may be the only one that can be reached. */
const AVOIDED_DIALS = 3

/** A tunnel that stood this long was a success: its successor is dialled without delay. */
const SETTLED_MS = 1_000

/** How long the server may take to end a session that is idle and gets no more streams. */
const LEAVE_MS = 500

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
  private readonly sessionConfig: SessionConfig
  private state: TunnelState = { kind: 'closed' }
  private openedMs = 0
  private hasConnected = false
  private connectedNode: string | undefined
  private clusterNodes = 1
  /** The node that asked to leave, and how many dials still avoid it. */
  private left = { node: '', dials: 0 }
  private emptied: (() => void) | undefined

  /** Throws a PikoError when `url` is none. */
  constructor(options: TunnelOptions, owner: TunnelOwner) {
    this.options = options
    const { windowBytes = SESSION_CONFIG.windowBytes } = options
    this.sessionConfig = { ...SESSION_CONFIG, windowBytes }
    this.owner = owner
    this.url = listenerUrl(options.url, options.endpointId)
    this.backoff = new Backoff(options.backoff ?? RECONNECT_BACKOFF, Math.random)
  }

  /** Whether it gets streams. */
  get isConnected(): boolean {
    return this.state.kind === 'connected'
  }

  /** The node that it leads to, percent-encoded; a deployed Piko does not say. */
  get node(): string | undefined {
    return this.isConnected ? this.connectedNode : undefined
  }

  /** How many live nodes the cluster had when it was opened. */
  get nodeCount(): number {
    return this.clusterNodes
  }

  /** Begins to connect, and never stops by itself. */
  start(): void {
    const abort = new AbortController()
    this.state = { kind: 'connecting', abort }
    void this.connect(abort.signal)
  }

  /**
   * Gets no more streams; those that are open live on until `destroy`. Resolves when they are done
   * and the server has let go of the tunnel.
   */
  async drain(): Promise<void> {
    if (this.state.kind === 'connected') this.finishing.add(this.state.conn)
    this.stop()
    if (this.finishing.size === 0) return
    const emptied = new Promise<void>((resolve) => {
      this.emptied = resolve
    })
    for (const conn of this.finishing) leave(conn)
    await emptied
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
    try {
      const transport = await connect(this.url, this.options, {
        signal,
        fields: this.fields(),
        answered: (fields) => this.answered(fields),
      })
      if (signal.aborted) transport.destroy()
      else this.opened(transport)
    } catch (error) {
      if (!signal.aborted) this.failed(connectError(error))
    }
  }

  private fields(): Record<string, string> {
    const avoided = this.avoided()
    return {
      ...(avoided.length > 0 && { 'x-piko-avoid': avoided.join(',') }),
      // Tells a node that this listener moves first when it is asked to leave.
      'x-piko-client': 'js',
    }
  }

  /** Nodes that this dial does not want to reach: a node that hears its name answers 503. */
  private avoided(): string[] {
    const { node, dials } = this.left
    this.left.dials = Math.max(0, dials - 1)
    const siblings = this.options.siblings?.() ?? []
    return dials > 0 ? [...siblings, node] : [...siblings]
  }

  /** The node says who it is, and how many there are. */
  private answered(fields: IncomingHttpHeaders): void {
    const node = fields['x-piko-node']
    const count = Number(fields['x-piko-cluster'])
    this.connectedNode = typeof node === 'string' ? node : undefined
    this.clusterNodes = Number.isSafeInteger(count) ? count : 1
  }

  private opened(transport: Transport): void {
    const conn: MuxConn = new MuxConn(
      transport,
      {
        accepted: (stream) => this.owner.accepted(stream),
        peerGoAway: () => this.replace(conn),
        closed: (error) => this.lost(conn, error),
      },
      { runtime: this.options.runtime, config: this.sessionConfig },
    )
    // The requests of the tunnels before go on; new ones come here.
    for (const old of this.finishing) old.goAway()
    this.state = { kind: 'connected', conn }
    this.openedMs = performance.now()
    this.hasConnected = true
    this.options.logger?.info('connected', this.about())
    this.owner.connected()
  }

  private failed(reason: PikoError): void {
    if (!this.isFinal(reason)) return this.retry(reason)
    this.state = { kind: 'closed' }
    this.options.logger?.error('refused by the server; giving up', {
      ...this.about(),
      reason: describeError(reason),
    })
    this.owner.refused(reason)
  }

  /**
   * A token function may find a better token the next time, and a listener that was let in before
   * waits for it. One that was never let in is told of its mistake.
   */
  private isFinal({ code, retryable }: PikoError): boolean {
    const mayHeal = typeof this.options.token === 'function' && this.hasConnected
    return !retryable && !(mayHeal && (code === 'unauthorized' || code === 'invalid-option'))
  }

  /** The server finishes what it has and wants no more of us: find another one now. */
  private replace(conn: MuxConn): void {
    if (!this.isCurrent(conn)) return
    this.finishing.add(conn)
    this.left = { node: this.connectedNode ?? '', dials: AVOIDED_DIALS }
    // Requests have another way already.
    if ((this.options.siblings?.() ?? []).length > 0) conn.goAway()
    this.retry(new PikoError('draining'))
  }

  private lost(conn: MuxConn, { message, cause }: YamuxError): void {
    this.finishing.delete(conn)
    if (this.finishing.size === 0) this.emptied?.()
    if (this.isCurrent(conn)) this.retry(new PikoError('connection-lost', message, { cause }))
  }

  private retry(reason: PikoError): void {
    // A server that lets us in and drops us at once must not be dialled in a tight loop.
    if (this.state.kind === 'connected' && performance.now() - this.openedMs > SETTLED_MS) {
      this.backoff.reset()
    }
    const retryMs = this.backoff.nextMs()
    this.state = { kind: 'waiting', timer: setTimeout(() => this.start(), retryMs) }
    // A node that is avoided says so; that is no trouble while another tunnel stands.
    const isNews = reason.status !== 503 || (this.options.siblings?.() ?? []).length === 0
    this.options.logger?.[isNews ? 'warn' : 'debug']('disconnected', {
      ...this.about(),
      reason: describeError(reason),
      code: reason.code,
      'retry-in': formatDuration(retryMs),
    })
    this.owner.disconnected(reason, retryMs)
  }

  private about(): Record<string, string> {
    return { 'endpoint-id': this.options.endpointId, url: shownUrl(this.options.url) }
  }

  private isCurrent(conn: MuxConn): boolean {
    return this.state.kind === 'connected' && this.state.conn === conn
  }
}

/**
 * Says that no more streams are taken, and ends the session when those that are open are done: the
 * server does so itself unless it is the deployed Piko's. A stream that is on its way meanwhile is
 * refused, and the server sends it elsewhere.
 */
function leave(conn: MuxConn): void {
  conn.goAway()
  conn.whenIdle(() => {
    const end = (): void => conn.close(GoAwayCode.normal, new YamuxError('closed'))
    setTimeout(end, LEAVE_MS).unref()
  })
}
