import { randomInt } from 'node:crypto'
import type { Socket } from 'node:net'
import { endpointKey, parseCount, parseNodeKey } from '../../cluster/node.ts'
import type { ClusterTable } from '../../cluster/cluster-table.ts'
import { DEFAULT_GOSSIP } from '../../gossip/config.ts'
import type { MembershipEvent } from '../../gossip/events.ts'
import { Gossiper } from '../../gossip/gossiper.ts'
import type { GossipShell } from '../../gossip/gossiper.ts'
import type { Logger } from '../../log/logger.ts'
import { StreamKind } from '../../net/node-port.ts'
import type { NodePort } from '../../net/node-port.ts'
import { SEAL_BYTES } from '../../net/packet-seal.ts'
import { assert, unreachable } from '../../std/assert.ts'
import { formatDuration } from '../../std/duration.ts'
import { CodedError, describeError } from '../../std/errors.ts'
import { formatHostPort } from '../../std/host-port.ts'
import type { HostPort } from '../../std/host-port.ts'
import type { ClusterConfig } from './cluster-config.ts'
import { resolveJoinAddress } from './join-address.ts'
import { runSync } from './sync-stream.ts'

export interface MembershipOptions {
  readonly nodeId: string
  readonly config: ClusterConfig
  readonly port: NodePort
  readonly table: ClusterTable
  readonly logger: Logger
  /** An endpoint got an upstream on another node. */
  readonly appeared: (endpointId: string) => void
  /** Another node has opened its ports. */
  readonly opened: () => void
  /** A node can no longer be relayed to. */
  readonly gone: (nodeId: string) => void
}

/** How many peers have to know that this node leaves before it goes. */
const FAREWELLS = 3
const FAREWELL_MS = 1_000

/**
 * This node's part in the cluster: runs the gossip core on a clock and the node port, and feeds
 * what it learns to the routing table.
 */
export class Membership implements GossipShell {
  private readonly options: MembershipOptions
  private gossip: Gossiper | undefined
  private joinPort = 0
  private timer: NodeJS.Timeout | undefined
  private peerMet: (() => void) | undefined
  private farewellsHeard: (() => void) | undefined

  constructor(options: MembershipOptions) {
    this.options = options
  }

  /** The gossip core; undefined before `start`. */
  get core(): Gossiper | undefined {
    return this.gossip
  }

  /**
   * Begins to gossip. `advertised` is where other nodes reach this one's gossip port; its port is
   * that of join addresses which name none.
   */
  start(advertised: HostPort): void {
    const { nodeId, config, table } = this.options
    const address = formatHostPort(advertised)
    table.settle(address)
    this.joinPort = advertised.port
    this.gossip = new Gossiper(
      {
        id: nodeId,
        config: {
          ...DEFAULT_GOSSIP,
          address,
          generation: Date.now(),
          join: config.join,
          intervalMs: config.gossip.intervalMs,
          packetBytesMax: config.gossip.maxPacketSize,
          packetOverheadBytes: SEAL_BYTES,
        },
        random: unpredictable,
        shell: this,
      },
      performance.now(),
    )
    this.schedule()
  }

  /** Resolves when another node was met; rejects when none was within the time. */
  async join(): Promise<void> {
    const { config, table } = this.options
    if (config.join.length === 0 || [...table.nodes()].length > 1) return
    await new Promise<void>((resolve, reject) => {
      const failed = new JoinError('join', joinFailure(config))
      const timer = setTimeout(() => reject(failed), config.joinTimeoutMs)
      this.peerMet = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** Tells the others one of this node's facts. */
  advertise(key: string, value: string): void {
    this.options.table.upserted(this.options.nodeId, key, value, performance.now())
    this.gossiper.upsertLocal(key, value)
  }

  /** Tells the others how many upstreams an endpoint has here. */
  advertiseEndpoint(endpointId: string, upstreamCount: number): void {
    const { nodeId, table, logger } = this.options
    const key = endpointKey(endpointId)
    const now = performance.now()
    if (upstreamCount === 0) {
      table.deleted(nodeId, key, now)
      this.gossiper.deleteLocal(key)
    } else {
      table.upserted(nodeId, key, String(upstreamCount), now)
      const isAdvertised = this.gossiper.upsertLocal(key, String(upstreamCount))
      if (isAdvertised) return
      logger.error('too many endpoints to advertise', { 'endpoint-id': endpointId })
    }
  }

  /** Says goodbye, and resolves when enough others know, or when patience ends. */
  async leave(): Promise<void> {
    const peers = [...this.options.table.nodes()].filter(({ status }) => status === 'reachable')
    this.gossiper.leave(performance.now())
    const enough = Math.min(FAREWELLS, peers.length - 1)
    if (enough > 0) await this.untilHeardBy(enough)
    clearTimeout(this.timer)
  }

  /** Where the other nodes are that this one knows. */
  *peerAddresses(): Generator<string> {
    for (const { address } of this.gossip?.cluster.peers() ?? []) yield address
  }

  /** A datagram from anybody. */
  packet(from: string, bytes: Uint8Array): void {
    this.gossip?.receivePacket(from, bytes, performance.now())
  }

  /** Another node asked for a reconciliation. */
  syncAsked(socket: Socket): void {
    this.runSync(socket)
  }

  // The world of the gossip core.

  send(address: string, packet: Uint8Array): void {
    this.options.port.send(address, packet)
  }

  requestSync(address: string, message: Uint8Array): void {
    this.runSync(this.options.port.dial(address, StreamKind.sync), message)
  }

  resolve(joinAddress: string): void {
    const { logger } = this.options
    resolveJoinAddress(joinAddress, this.joinPort).then(
      (addresses) => this.gossiper.contact(addresses, performance.now()),
      (error: unknown) => {
        logger.debug('join address not resolved', { joinAddress, reason: describeError(error) })
      },
    )
  }

  event(event: MembershipEvent): void {
    const { table, logger, gone } = this.options
    const now = performance.now()
    if (event.type !== 'upserted' && event.type !== 'deleted') {
      logger.info(`node ${event.type}`, { 'node-id': event.id })
    }
    switch (event.type) {
      case 'joined':
        table.joined(event.id, event.address, now)
        this.peerMet?.()
        return
      case 'reachable':
        return table.reachable(event.id)
      case 'unreachable':
        table.unreachable(event.id, now)
        return gone(event.id)
      case 'left':
        // Requests under way end by themselves: a node that leaves finishes them.
        return table.left(event.id, now)
      case 'expired':
        table.expired(event.id, now)
        return gone(event.id)
      case 'upserted':
        table.upserted(event.id, event.key, event.value, now)
        return this.noteFact(event)
      case 'deleted':
        table.deleted(event.id, event.key, now)
        return this.noteFact({ ...event, value: '0' })
      case 'reborn':
        return
      default:
        return unreachable(event)
    }
  }

  /** A node told something new of itself. */
  private noteFact({ id, key, value }: { id: string; key: string; value: string }): void {
    const { logger, appeared, opened } = this.options
    const parsed = parseNodeKey(key)
    if (parsed.kind !== 'endpoint') {
      const isAddress = parsed.kind === 'proxy-address' || parsed.kind === 'admin-address'
      const message = isAddress ? 'node told its address' : 'node told of itself'
      logger.debug(message, { 'node-id': id, key, value })
      if (parsed.kind === 'proxy-address') opened()
      return
    }
    const about = { 'node-id': id, 'endpoint-id': parsed.endpoint, upstreams: parseCount(value) }
    logger.debug('endpoint changed', about)
    if (about.upstreams > 0) appeared(parsed.endpoint)
  }

  private get gossiper(): Gossiper {
    assert(this.gossip !== undefined, 'membership was started')
    return this.gossip
  }

  private runSync(socket: Socket, first?: Uint8Array): void {
    runSync(socket, {
      ...(first !== undefined && { first }),
      bytesMax: DEFAULT_GOSSIP.syncBytesMax,
      receive: (message) => this.gossiper.receiveSync(message, performance.now()),
    })
  }

  private schedule(): void {
    const delayMs = Math.max(0, this.gossiper.deadline - performance.now())
    this.timer = setTimeout(() => this.tick(), delayMs)
  }

  private tick(): void {
    this.gossiper.tick(performance.now())
    this.farewellsHeard?.()
    this.schedule()
  }

  private async untilHeardBy(enough: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const patience = setTimeout(resolve, FAREWELL_MS)
      this.farewellsHeard = () => {
        if (this.gossiper.farewellsHeard < enough) return
        clearTimeout(patience)
        resolve()
      }
    })
  }
}

/** None of the nodes to join answered. */
export class JoinError extends CodedError<'join'> {
  override readonly name = 'JoinError'
}

function joinFailure({ join, joinTimeoutMs }: ClusterConfig): string {
  const within = formatDuration(joinTimeoutMs)
  return (
    `cluster: none of the nodes to join answered within ${within}: ${join.join(', ')}; ` +
    'check the addresses and the secret, or set cluster.abort_if_join_fails to false'
  )
}

const RANDOM_RANGE = 2 ** 47

function unpredictable(): number {
  return randomInt(RANDOM_RANGE) / RANDOM_RANGE
}
