import { MuxConn } from '../../net/mux-conn.ts'
import type { MuxConnOwner, MuxRuntime } from '../../net/mux-conn.ts'
import type { Transport } from '../../net/transport.ts'
import type { Counter } from '../../metrics/counter.ts'
import { DEFAULT_SESSION_CONFIG, WATCHFUL_KEEP_ALIVE } from '../../yamux/config.ts'
import type { HeldBudget, SessionConfig } from '../../yamux/config.ts'
import { YamuxError } from '../../yamux/errors.ts'
import { GoAwayCode } from '../../yamux/frame.ts'
import type { Stream, StreamHandler } from '../../yamux/session.ts'
import type { LocalUpstream } from './upstream.ts'
import type { UpstreamLimits } from './upstream-config.ts'

/** How the sessions of listeners behave: of those of this project, and of others. */
export interface ListenerSessionConfig {
  readonly own: SessionConfig
  readonly foreign: SessionConfig
}

export function listenerSessionConfig(
  limits: UpstreamLimits,
  budget: HeldBudget,
  windowBytes: number,
): ListenerSessionConfig {
  const foreign = {
    ...DEFAULT_SESSION_CONFIG,
    role: 'server',
    acceptStreams: false,
    windowBytes,
    streamsMax: limits.maxStreamsPerTunnel,
    unackedMax: limits.maxUnackedStreams,
    heldBytesMax: limits.maxBufferedBytes,
    budget,
  } as const
  return { own: { ...foreign, ...WATCHFUL_KEEP_ALIVE.server }, foreign }
}

/** How long a listener may take to open a tunnel to another node: many may do so at once. */
const MOVE_MS = 15_000

export interface ListenerSessionOwner {
  /** The listener asked for no more requests; those under way go on. */
  leaving(): void
  /** A request was given up for a reason of this side. */
  gaveUp(error: YamuxError): void
  /** The tunnel has as many requests as it may. */
  full(): void
  /** The listener could not hand a request or a connection to its service. */
  declined(): void
  /** The tunnel is gone. Exactly once, last. */
  closed(error: YamuxError): void
}

/** How a listener is sent away. */
export interface Farewell {
  /** Whether there is another node to go to. */
  readonly hasOthers: boolean
  /** Whether another node has an upstream of the same endpoint. */
  readonly isServedElsewhere: boolean
  /** After so long it gets no more requests, wherever it has got to. */
  readonly lastCallMs: number
}

export interface ListenerSessionOptions {
  readonly runtime: MuxRuntime
  readonly endpointId: string
  readonly remoteAddress: string
  /** Counts the requests that are handed to the listener. */
  readonly requests: Counter
  /** Whether the listener, asked to leave, opens its next tunnel before it lets go of this one. */
  readonly movesFirst: boolean
  readonly config: ListenerSessionConfig
}

/** A listener's tunnel as an upstream: only this side opens streams, one per request. */
export class ListenerSession implements LocalUpstream, MuxConnOwner {
  readonly endpointId: string
  readonly remoteAddress: string
  private readonly conn: MuxConn
  private readonly owner: ListenerSessionOwner
  private readonly requests: Counter
  private readonly movesFirst: boolean
  private wasAskedToLeave = false
  private stopWaiting: (() => void) | undefined

  constructor(transport: Transport, owner: ListenerSessionOwner, options: ListenerSessionOptions) {
    const { runtime, endpointId, remoteAddress, requests, movesFirst, config } = options
    this.endpointId = endpointId
    this.remoteAddress = remoteAddress
    this.movesFirst = movesFirst
    this.owner = owner
    this.requests = requests
    this.conn = new MuxConn(transport, this, {
      runtime,
      config: movesFirst ? config.own : config.foreign,
    })
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
    if (this.conn.session.isFull) this.owner.full()
    return stream
  }

  /** Whether it was asked to go to another node. */
  get isLeaving(): boolean {
    return this.wasAskedToLeave
  }

  /**
   * Sends the listener to another node, and ends the tunnel when its requests are done. One of ours
   * opens its next tunnel first and is served through meanwhile; others only understand the end of
   * a tunnel, which comes at a moment without requests. Until the listener is elsewhere it goes on
   * getting requests that nobody else could answer.
   */
  drain({ hasOthers, isServedElsewhere, lastCallMs }: Farewell): void {
    this.wasAskedToLeave = true
    this.stopWaiting?.()
    if (!hasOthers) return this.endWhenIdle()
    const lastCall = setTimeout(() => this.endWhenIdle(), lastCallMs)
    const patience = this.movesFirst ? setTimeout(() => this.endAtPause(), MOVE_MS) : undefined
    this.stopWaiting = () => {
      clearTimeout(lastCall)
      clearTimeout(patience)
    }
    if (this.movesFirst) this.conn.goAway()
    else if (isServedElsewhere) this.endWhenIdle()
    else this.endAtPause()
  }

  /**
   * The listener's token ends soon. One of ours comes back with a fresh one, and is served through
   * this tunnel until it has; others learn of it at the end of the tunnel.
   */
  renew(): void {
    if (this.movesFirst) this.conn.goAway()
  }

  /** The listener's token is over: no more requests, and those under way have so much time. */
  expire(graceMs: number): void {
    this.stopWaiting?.()
    const patience = setTimeout(() => this.end(), graceMs)
    this.stopWaiting = () => clearTimeout(patience)
    this.endWhenIdle()
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

  declined(): void {
    this.owner.declined()
  }

  /** The listener has another tunnel, or shuts down: what is under way here finishes. */
  peerGoAway(): void {
    this.endWhenIdle()
  }

  gaveUp(error: YamuxError): void {
    this.owner.gaveUp(error)
  }

  closed(error: YamuxError): void {
    this.stopWaiting?.()
    this.owner.closed(error)
  }

  /** Goes on as an upstream until a moment comes in which nothing is under way. */
  private endAtPause(): void {
    this.conn.whenIdle(() => this.end())
  }

  /** Is no upstream any more, and ends when the requests that it has are done. */
  private endWhenIdle(): void {
    this.owner.leaving()
    this.conn.whenIdle(() => this.end())
  }
}
