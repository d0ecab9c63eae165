import { MuxConn } from '../../net/mux-conn.ts'
import type { MuxConnOwner, MuxRuntime } from '../../net/mux-conn.ts'
import type { Transport } from '../../net/transport.ts'
import type { Counter } from '../../metrics/counter.ts'
import { DEFAULT_SESSION_CONFIG } from '../../yamux/config.ts'
import { YamuxError } from '../../yamux/errors.ts'
import { GoAwayCode } from '../../yamux/frame.ts'
import type { Stream, StreamHandler } from '../../yamux/session.ts'
import type { LocalUpstream } from './upstream.ts'

const SESSION_CONFIG = { ...DEFAULT_SESSION_CONFIG, role: 'server', acceptStreams: false } as const

/** How long a listener may take to open a tunnel to another node. */
const MOVE_MS = 5_000

export interface ListenerSessionOwner {
  /** The listener asked for no more requests; those under way go on. */
  leaving(): void
  /** The tunnel is gone. Exactly once, last. */
  closed(error: YamuxError): void
}

export interface ListenerSessionOptions {
  readonly runtime: MuxRuntime
  readonly remoteAddress: string
  /** Counts the requests that are handed to the listener. */
  readonly requests: Counter
  /** Whether the listener, asked to leave, opens its next tunnel before it lets go of this one. */
  readonly movesFirst: boolean
}

/** A listener's tunnel as an upstream: only this side opens streams, one per request. */
export class ListenerSession implements LocalUpstream, MuxConnOwner {
  readonly remoteAddress: string
  private readonly conn: MuxConn
  private readonly owner: ListenerSessionOwner
  private readonly requests: Counter
  private readonly movesFirst: boolean
  private stopWaiting: (() => void) | undefined

  constructor(
    transport: Transport,
    owner: ListenerSessionOwner,
    { runtime, remoteAddress, requests, movesFirst }: ListenerSessionOptions,
  ) {
    this.remoteAddress = remoteAddress
    this.movesFirst = movesFirst
    this.owner = owner
    this.requests = requests
    this.conn = new MuxConn(transport, this, { runtime, config: SESSION_CONFIG })
  }

  get canOpen(): boolean {
    return this.conn.session.canOpen
  }

  /** Requests and connections under way. */
  get streamCount(): number {
    return this.conn.session.streamCount
  }

  open(handler: StreamHandler): Stream | undefined {
    const stream = this.conn.open(handler)
    if (stream !== undefined) this.requests.inc()
    return stream
  }

  /**
   * Asks the listener to find another node, and ends the tunnel when its requests are done. One of
   * ours opens its next tunnel first and is served through meanwhile, if there is another node to
   * go to; others only understand the end of a tunnel.
   */
  drain(hasOthers: boolean): void {
    if (!this.movesFirst || !hasOthers) return this.endWhenIdle()
    this.conn.goAway()
    const patience = setTimeout(() => this.endWhenIdle(), MOVE_MS)
    this.stopWaiting = () => clearTimeout(patience)
  }

  /**
   * Ends the tunnel with GoAway 2: of all ways to end one it is the one after which every listener
   * dials again at once, the Go ones included (wire.md, yamux: GoAway 1, 2, 3).
   */
  end(): void {
    this.conn.close(GoAwayCode.internalError, new YamuxError('closed', 'the node is leaving'))
  }

  accepted(stream: Stream): void {
    stream.reset()
  }

  /** The listener has another tunnel, or shuts down: what is under way here finishes. */
  peerGoAway(): void {
    this.endWhenIdle()
  }

  closed(error: YamuxError): void {
    this.stopWaiting?.()
    this.owner.closed(error)
  }

  private endWhenIdle(): void {
    this.owner.leaving()
    this.conn.whenIdle(() => this.end())
  }
}
