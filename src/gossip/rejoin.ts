import { randomBelow, type Random } from '../std/prng.ts'
import type { ClusterState } from './cluster-state.ts'
import type { GossipConfig } from './config.ts'

/** The unreachable are asked this many times as often as the dead: they are likelier to be back. */
const UNREACHABLE_SHARE = 4

/**
 * Whom to seek out beyond the peers in touch, for ever, so that a partition of any length heals:
 *
 *     unreachable for a minute ──▶ dead for an hour ──▶ unknown
 *     asked at its address         asked there too      found through the join addresses,
 *                                                       which are always tried
 */
export class Rejoin {
  private readonly cluster: ClusterState
  private readonly config: GossipConfig
  private readonly random: Random
  private nextJoin = 0
  private nextDead = 0
  private nextUnreachable = 0
  private joinIndex = 0

  constructor(cluster: ClusterState, config: GossipConfig, random: Random) {
    this.cluster = cluster
    this.config = config
    this.random = random
    this.joinIndex = randomBelow(random, Math.max(1, config.join.length))
  }

  /** Addresses of which no contact is needed: this node's own, and those of reachable peers. */
  addressesInTouch(): Set<string> {
    const addresses = new Set([this.config.address])
    for (const peer of this.cluster.peers()) {
      if (peer.status === 'reachable') addresses.add(peer.address)
    }
    return addresses
  }

  /** Addresses of the lost that are to be asked now. */
  dueAddresses(time: number): string[] {
    const { rejoinIntervalMs } = this.config
    const due: (string | undefined)[] = []
    if (time >= this.nextUnreachable) {
      this.nextUnreachable = time + rejoinIntervalMs / UNREACHABLE_SHARE
      due.push(this.pick(this.unreachableAddresses()))
    }
    if (time >= this.nextDead) {
      this.nextDead = time + rejoinIntervalMs
      due.push(this.pick(this.deadAddresses()))
    }
    return due.filter((address) => address !== undefined)
  }

  /** Join addresses to resolve now: all while alone, one after another in company. */
  dueJoins(time: number): readonly string[] {
    const { join, rejoinIntervalMs } = this.config
    if (time < this.nextJoin || join.length === 0) return []
    this.nextJoin = time + rejoinIntervalMs
    if (this.addressesInTouch().size === 1) return join
    this.joinIndex = (this.joinIndex + 1) % join.length
    return [join[this.joinIndex] as string]
  }

  private unreachableAddresses(): string[] {
    return [...this.cluster.peers()]
      .filter((peer) => peer.status === 'unreachable')
      .map((peer) => peer.address)
  }

  /** Those who left said so, and are not sought; an address in new hands needs no knock. */
  private deadAddresses(): string[] {
    const inTouch = this.addressesInTouch()
    return [...this.cluster.tombstones.values()]
      .filter(({ left, address }) => !left && address !== '' && !inTouch.has(address))
      .map((tombstone) => tombstone.address)
  }

  private pick(addresses: readonly string[]): string | undefined {
    return addresses[randomBelow(this.random, addresses.length)]
  }
}
