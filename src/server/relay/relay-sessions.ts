import type { Logger } from '../../log/logger.ts'
import { MuxConn } from '../../net/mux-conn.ts'
import type { MuxConnOwner, MuxRuntime } from '../../net/mux-conn.ts'
import type { Transport } from '../../net/transport.ts'
import { describeError } from '../../std/errors.ts'
import { DEFAULT_SESSION_CONFIG } from '../../yamux/config.ts'
import type { HeldBudget } from '../../yamux/config.ts'
import { YamuxError } from '../../yamux/errors.ts'
import { GoAwayCode } from '../../yamux/frame.ts'
import type { EndpointRegistry } from '../upstream/endpoint-registry.ts'
import { RelayUpstream } from './relay-upstream.ts'
import type { Declined } from './relay-upstream.ts'
import { RelayedRequest } from './relayed-request.ts'
import type { RelayPreamble } from './preamble.ts'

/** Between nodes a silent peer is noticed sooner than gossip would. */
const TIMING = { ...DEFAULT_SESSION_CONFIG, keepAliveIntervalMs: 2_000, keepAliveTimeoutMs: 4_000 }
const DIALER_CONFIG = { ...TIMING, role: 'client', acceptStreams: false } as const
const OWNER_CONFIG = { ...TIMING, role: 'server', acceptStreams: true } as const

/** Where a relay session leads. */
export interface RelayPeer {
  readonly id: string
  /** The peer's gossip port, which carries relay sessions on its TCP side. */
  readonly gossipAddress: string
}

export interface RelaySessionsOptions {
  readonly runtime: MuxRuntime
  readonly logger: Logger
  /** The upstreams of this node, for requests that others relay here. */
  readonly registry: EndpointRegistry
  /** Begins to connect to a node's gossip port. What is sent before it is connected waits. */
  readonly dial: (gossipAddress: string) => Transport
  /** A session failed: the node should be passed over for a moment. */
  readonly failed: (nodeId: string) => void
  /** What relay sessions share with whatever else holds answers. */
  readonly budget: HeldBudget
  /** A session or a stream met a limit of this side. */
  readonly limited: (error: YamuxError) => void
}

/**
 * The persistent sessions that carry requests between nodes: one for each node that this one relays
 * to, opened with the first request, and one from each node that relays to this one.
 */
export class RelaySessions {
  private readonly options: RelaySessionsOptions
  private readonly outgoing = new Map<string, { address: string; conn: MuxConn }>()
  private readonly incoming = new Set<MuxConn>()
  private isLeaving = false
  private emptied: (() => void) | undefined

  constructor(options: RelaySessionsOptions) {
    this.options = options
  }

  /** Requests and connections under way to a node. */
  inFlight(nodeId: string): number {
    return this.outgoing.get(nodeId)?.conn.session.streamCount ?? 0
  }

  /** The node as an upstream for one request. */
  upstream(peer: RelayPeer, preamble: RelayPreamble, declined: Declined): RelayUpstream {
    return new RelayUpstream(this.connTo(peer), preamble, declined)
  }

  /** A node opened a session to this one. */
  accept(transport: Transport): void {
    const { runtime, budget, limited } = this.options
    const conn: MuxConn = new MuxConn(
      transport,
      {
        accepted: (stream) => void new RelayedRequest(stream, this.options.registry),
        peerGoAway: () => {},
        gaveUp: (error) => limited(error),
        closed: (error) => {
          limited(error)
          this.incoming.delete(conn)
          if (this.incoming.size === 0) this.emptied?.()
        },
      },
      { runtime, config: { ...OWNER_CONFIG, budget } },
    )
    this.incoming.add(conn)
    if (this.isLeaving) conn.goAway()
  }

  /** A node is gone or out of reach: what is under way to it fails now, not at a timeout. */
  drop(nodeId: string): void {
    const error = new YamuxError('closed', 'the node is gone')
    this.outgoing.get(nodeId)?.conn.close(GoAwayCode.normal, error)
  }

  /**
   * Lets the other nodes relay nothing more here; resolves when what they relayed is done. They end
   * the sessions themselves: only who opens the streams knows that none is on its way.
   */
  async drain(): Promise<void> {
    this.isLeaving = true
    if (this.incoming.size === 0) return
    const done = new Promise<void>((resolve) => {
      this.emptied = resolve
    })
    for (const conn of this.incoming) conn.goAway()
    await done
  }

  close(): void {
    const conns = [...this.incoming, ...Array.from(this.outgoing.values(), ({ conn }) => conn)]
    for (const conn of conns) conn.close(GoAwayCode.normal, new YamuxError('closed'))
  }

  private connTo(peer: RelayPeer): MuxConn {
    const known = this.outgoing.get(peer.id)
    if (known !== undefined && known.address === peer.gossipAddress && !known.conn.session.peerGone)
      return known.conn
    const conn: MuxConn = new MuxConn(
      this.options.dial(peer.gossipAddress),
      this.ownerOf(peer, () => conn),
      {
        runtime: this.options.runtime,
        config: { ...DIALER_CONFIG, budget: this.options.budget },
      },
    )
    this.outgoing.set(peer.id, { address: peer.gossipAddress, conn })
    return conn
  }

  private ownerOf(peer: RelayPeer, conn: () => MuxConn): MuxConnOwner {
    return {
      accepted: (stream) => stream.reset(),
      peerGoAway: () => {
        conn().whenIdle(() => conn().close(GoAwayCode.normal, new YamuxError('closed')))
      },
      gaveUp: (error) => this.options.limited(error),
      closed: (error) => {
        this.options.limited(error)
        if (this.outgoing.get(peer.id)?.conn !== conn()) return
        this.outgoing.delete(peer.id)
        // One that said goodbye before is not missed.
        if (error.code === 'closed' || conn().session.peerGone) return
        this.options.logger.warn('relay session lost', {
          'node-id': peer.id,
          reason: describeError(error),
        })
        this.options.failed(peer.id)
      },
    }
  }
}
