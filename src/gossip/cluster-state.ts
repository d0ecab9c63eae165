import { isGossipAddress, NODES_MAX, type GossipConfig } from './config.ts'
import type { Section } from './delta.ts'
import type { Mention } from './digest.ts'
import { ADDRESS_KEY, type Entry } from './entry.ts'
import type { MembershipEvent } from './events.ts'
import { isOver } from './incarnation.ts'
import type { LocalNode } from './local-node.ts'
import { Peer } from './peer.ts'
import { Tombstones, type Tombstone } from './tombstones.ts'

/**
 * Everything that this node knows: itself, its peers, and who is no more.
 *
 *     nothing ──vouched section──▶ peer ──dead, replaced──▶ tombstone ──an hour──▶ nothing
 *        ▲                                                      │
 *        └── a mention alone makes nobody known ── and nobody that the tombstone covers
 *
 * All knowledge only grows: versions, heartbeats, lives, generations, ends. So the order in which
 * messages arrive, and how often, makes no difference to where it ends.
 */
export class ClusterState {
  readonly self: LocalNode
  readonly tombstones = new Tombstones()
  private readonly peersById = new Map<string, Peer>()
  private readonly config: GossipConfig
  private readonly emit: (event: MembershipEvent) => void
  /** Until then, what arrives may have waited unread while this node lost time. */
  private newsFrom = 0

  constructor(self: LocalNode, config: GossipConfig, emit: (event: MembershipEvent) => void) {
    this.self = self
    this.config = config
    this.emit = emit
  }

  get size(): number {
    return this.peersById.size
  }

  peer(id: string): Peer | undefined {
    return this.peersById.get(id)
  }

  peers(): Iterable<Peer> {
    return this.peersById.values()
  }

  /** This node or a peer: whoever a section can be written of. */
  node(id: string): LocalNode | Peer | undefined {
    return id === this.self.id ? this.self : this.peersById.get(id)
  }

  /** Takes what a mention says; keys come with sections only. */
  observe(mention: Mention, time: number): void {
    if (mention.id === this.self.id) this.self.hear(mention)
    else if (mention.standing !== 'alive') this.observeEnd(mention, time)
    else if (!this.tombstones.covers(mention.id, mention)) this.observeAlive(mention, time)
  }

  /** Brings the copy of one node forward, or begins it. */
  absorb({ mention, delta }: Section, time: number): void {
    this.observe(mention, time)
    if (mention.id === this.self.id || this.tombstones.covers(mention.id, mention)) return
    const peer = this.peersById.get(mention.id)
    if (peer === undefined) this.admit({ mention, delta }, time)
    else if (peer.generation === mention.generation && peer.status !== 'left') {
      this.tellChanges(peer, peer.state.apply(delta))
    }
  }

  /** Condemns the silent and forgets those who have been gone for long. */
  judge(time: number, patience: number): void {
    for (const peer of this.peersById.values()) {
      if (peer.fallsSilent(time, patience)) this.emit({ type: 'unreachable', id: peer.id })
      else if (peer.status !== 'reachable' && time - peer.since > this.config.forgetAfterMs) {
        this.bury(peer, peer.status === 'left', time)
      }
    }
    this.tombstones.expire(time - this.config.tombstoneMs)
  }

  /**
   * This node lost time: what it remembers may no longer be so, nor what waits for it in buffers.
   * It vouches for nobody until it hears new heartbeats, once those buffers are empty.
   */
  distrust(time: number): void {
    this.newsFrom = time + this.config.intervalMs
    for (const peer of this.peersById.values()) peer.distrust()
  }

  /** How many versions behind the sender of these mentions this node is. */
  versionsBehind(mentions: readonly Mention[], time: number): number {
    let behind = 0
    for (const mention of mentions) {
      if (mention.standing !== 'alive' || mention.id === this.self.id) continue
      const peer = this.peersById.get(mention.id)
      if (peer?.generation === mention.generation) {
        behind += Math.max(0, mention.version - peer.state.version)
      } else if (this.isNewcomer(mention, time)) behind += mention.version
    }
    return behind
  }

  /** A process that this node does not know, vouched for, and not known to be over. */
  isNewcomer(mention: Mention, time: number): boolean {
    if (mention.standing !== 'alive' || mention.heartbeat === 0) return false
    if (time < this.newsFrom) return false
    if (mention.id === this.self.id || this.tombstones.covers(mention.id, mention)) return false
    const peer = this.peersById.get(mention.id)
    if (peer !== undefined) return mention.generation > peer.generation
    return this.peersById.size < NODES_MAX
  }

  private observeAlive(mention: Mention, time: number): void {
    const peer = this.peersById.get(mention.id)
    if (peer === undefined || mention.generation < peer.generation) return
    if (mention.generation > peer.generation) {
      // A process of that id started later, so this one is over in all its lives.
      if (mention.heartbeat > 0) this.bury(peer, true, time)
    } else if (peer.hear(mention, time, time >= this.newsFrom))
      this.emit({ type: 'reachable', id: peer.id })
  }

  private observeEnd(mention: Mention, time: number): void {
    const { id, generation, life } = mention
    const left = mention.standing === 'left'
    const peer = this.peersById.get(id)
    if (peer !== undefined) {
      if (!isOver(peer, { generation, life, left })) return
      const isSame = peer.generation === generation
      if (isSame && left) return this.depart(peer, time)
      if (isSame && !peer.isDoubtful(time)) return
      this.bury(peer, peer.status === 'left', time)
    }
    const address = this.tombstones.get(id)?.address ?? ''
    this.tombstones.bury({ id, generation, life, left, address, since: time })
  }

  private depart(peer: Peer, time: number): void {
    const { id, generation, life } = peer
    if (peer.departs(time)) this.emit({ type: 'left', id, generation, life })
  }

  private admit({ mention, delta }: Section, time: number): void {
    if (!this.isNewcomer(mention, time) || delta.from !== 0) return
    const peer = new Peer(mention, this.config, time)
    const changed = peer.state.apply(delta)
    const address = peer.state.get(ADDRESS_KEY)
    if (address === undefined || !isGossipAddress(address)) return
    peer.settle(address)
    const { id, generation, life } = peer
    this.peersById.set(id, peer)
    this.emit({ type: 'joined', id, address, generation, life })
    this.tellChanges(peer, changed)
  }

  private bury(peer: Peer, left: boolean, time: number): void {
    const { id, generation, life, address } = peer
    this.peersById.delete(id)
    const tombstone: Tombstone = { id, generation, life, left, address, since: time }
    this.tombstones.bury(tombstone)
    this.emit({ type: 'expired', id, generation, life })
  }

  private tellChanges({ id }: Peer, changed: readonly Entry[]): void {
    for (const { key, value, deleted } of changed) {
      if (key === ADDRESS_KEY) continue
      this.emit(deleted ? { type: 'deleted', id, key } : { type: 'upserted', id, key, value })
    }
  }
}
