import { assert } from '../std/assert.ts'
import type { Random } from '../std/prng.ts'
import { Suspensions } from '../std/suspensions.ts'
import { parseCount, parseNodeKey, type ClusterNode, type NodeStatus } from './node.ts'
import { VanishedEndpoints } from './vanished-endpoints.ts'

export interface ClusterTableConfig {
  readonly vanishedMemoryMs: number
  readonly vanishedEndpointsMax: number
  /** How long a node is passed over after its relay session failed; doubles when it fails again. */
  readonly suspendMs: number
  readonly suspendMaxMs: number
}

export const DEFAULT_CLUSTER_TABLE: ClusterTableConfig = {
  vanishedMemoryMs: 2_000,
  vanishedEndpointsMax: 4_096,
  suspendMs: 1_000,
  suspendMaxMs: 30_000,
}

/** What the table cannot know by itself. */
export interface ClusterTableSources {
  readonly random: Random
  /** Requests and connections under way from here to a node. */
  readonly inFlight: (nodeId: string) => number
}

/** What is known when a node is sought. */
export interface NodeSearch {
  readonly triedNodes: ReadonlySet<string>
  /** Rather none than one that is suspended. */
  readonly soundOnly?: boolean
}

const NOTHING_TRIED: NodeSearch = { triedNodes: new Set() }

interface NodeRecord extends ClusterNode {
  gossipAddress: string
  status: NodeStatus
  proxyAddress: string
  adminAddress: string
  adminTls: boolean
  readonly endpoints: Map<string, number>
}

/**
 * Who serves which endpoint, as far as this node knows: the routing table.
 *
 *     nodes    n1 ─▶ reachable,   { shop: 2, wiki: 1 }         fed by what gossip tells
 *              n2 ─▶ unreachable, { shop: 1 }
 *     owners   shop ─▶ n1, n2      wiki ─▶ n1                  the same, turned around
 *
 * The local node is in it for the record and is never a choice: local upstreams come before the
 * table, and a request goes to another node at most once.
 */
export class ClusterTable {
  /** Nodes whose relay session failed; gossip that says a node is back ends it. */
  readonly suspensions: Suspensions<string>
  /** Endpoints at nodes whose upstreams there could not reach their service. */
  private readonly declines: Suspensions<string>
  private readonly local: NodeRecord
  private readonly random: Random
  /** Requests and connections under way from here to a node. */
  private readonly inFlight: (nodeId: string) => number
  private readonly nodesById = new Map<string, NodeRecord>()
  private readonly owners = new Map<string, Set<NodeRecord>>()
  private readonly vanished: VanishedEndpoints

  constructor(
    localId: string,
    { random, inFlight }: ClusterTableSources,
    config = DEFAULT_CLUSTER_TABLE,
  ) {
    this.random = random
    this.inFlight = inFlight
    this.suspensions = new Suspensions(config)
    this.declines = new Suspensions(config)
    this.vanished = new VanishedEndpoints({
      rememberMs: config.vanishedMemoryMs,
      endpointsMax: config.vanishedEndpointsMax,
    })
    this.local = newRecord(localId, '')
    this.nodesById.set(localId, this.local)
  }

  get localNode(): ClusterNode {
    return this.local
  }

  /** Sets where other nodes reach this one, once its gossip port is open. */
  settle(gossipAddress: string): void {
    this.local.gossipAddress = gossipAddress
  }

  /** All nodes, the local one first. */
  nodes(): Iterable<ClusterNode> {
    return this.nodesById.values()
  }

  node(id: string): ClusterNode | undefined {
    return this.nodesById.get(id)
  }

  /** Nodes that can take a request for `endpoint` now; never the local one. */
  candidates(endpoint: string): readonly ClusterNode[] {
    const owners = this.owners.get(endpoint)
    return owners === undefined ? [] : [...owners].filter((node) => this.isOpen(node))
  }

  /**
   * The node to relay to: of two drawn by their number of upstreams, the one with less in flight
   * per upstream (Mitzenmacher's power of two choices). `triedNodes` are those that failed already.
   * A node that is suspended is better than none, unless it has to be sound.
   */
  choose(
    endpoint: string,
    now: number,
    { triedNodes, soundOnly = false }: NodeSearch = NOTHING_TRIED,
  ): ClusterNode | undefined {
    const untried = this.candidates(endpoint).filter((node) => !triedNodes.has(node.id))
    const sound = untried.filter((node) => this.isSound(node.id, endpoint, now))
    const candidates = sound.length > 0 || soundOnly ? sound : untried
    if (candidates.length < 2) return candidates[0]
    const first = this.draw(candidates, endpoint)
    const second = this.draw(
      candidates.filter((node) => node !== first),
      endpoint,
    )
    return this.loadOf(second, endpoint) < this.loadOf(first, endpoint) ? second : first
  }

  /** The node's upstreams could not reach their service: others come first for a while. */
  declined(id: string, endpoint: string, now: number): void {
    this.declines.failed(declineKey(id, endpoint), now)
  }

  /** Whether a request for an endpoint that nobody serves should wait a moment for it. */
  vanishedRecently(endpoint: string, now: number): boolean {
    return !this.isServed(endpoint) && this.vanished.has(endpoint, now)
  }

  /** A node became known; whatever was known under its id is replaced. */
  joined(id: string, gossipAddress: string, now: number): void {
    if (id === this.local.id) return
    this.expired(id, now)
    this.nodesById.set(id, newRecord(id, gossipAddress))
  }

  reachable(id: string): void {
    this.setStatus(id, 'reachable')
    this.suspensions.recovered(id)
  }

  unreachable(id: string, now: number): void {
    const node = this.setStatus(id, 'unreachable')
    for (const endpoint of node?.endpoints.keys() ?? []) this.noteIfVanished(endpoint, now)
  }

  left(id: string, now: number): void {
    const node = this.setStatus(id, 'left')
    if (node !== undefined) this.clearEndpoints(node, now)
  }

  /** A node is forgotten. */
  expired(id: string, now: number): void {
    const node = this.nodesById.get(id)
    if (node === undefined || node === this.local) return
    this.clearEndpoints(node, now)
    this.nodesById.delete(id)
    this.suspensions.recovered(id)
  }

  /** A node set one of its keys, or this node one of its own. */
  upserted(id: string, key: string, value: string, now: number): void {
    const node = this.nodesById.get(id)
    if (node === undefined || node.status === 'left') return
    const parsed = parseNodeKey(key)
    if (parsed.kind === 'endpoint') this.setCount(node, parsed.endpoint, parseCount(value), now)
    else if (parsed.kind === 'proxy-address') node.proxyAddress = value
    else if (parsed.kind === 'admin-address') node.adminAddress = value
    else if (parsed.kind === 'admin-tls') node.adminTls = value === 'true'
  }

  deleted(id: string, key: string, now: number): void {
    const node = this.nodesById.get(id)
    if (node === undefined) return
    const parsed = parseNodeKey(key)
    if (parsed.kind === 'endpoint') this.setCount(node, parsed.endpoint, 0, now)
  }

  private isOpen(node: NodeRecord): boolean {
    return node !== this.local && node.status === 'reachable'
  }

  private isSound(id: string, endpoint: string, now: number): boolean {
    if (this.suspensions.isSuspended(id, now)) return false
    return !this.declines.isSuspended(declineKey(id, endpoint), now)
  }

  private draw(candidates: readonly ClusterNode[], endpoint: string): ClusterNode {
    const total = candidates.reduce((sum, node) => sum + weightOf(node, endpoint), 0)
    let at = this.random() * total
    for (const node of candidates) {
      at -= weightOf(node, endpoint)
      if (at < 0) return node
    }
    return candidates.at(-1) as ClusterNode
  }

  private loadOf(node: ClusterNode, endpoint: string): number {
    return (this.inFlight(node.id) + 1) / weightOf(node, endpoint)
  }

  private setStatus(id: string, status: NodeStatus): NodeRecord | undefined {
    const node = this.nodesById.get(id)
    if (node === undefined || node === this.local || node.status === 'left') return undefined
    node.status = status
    return node
  }

  private setCount(node: NodeRecord, endpoint: string, count: number, now: number): void {
    if (count > 0) {
      node.endpoints.set(endpoint, count)
      const owners = this.owners.get(endpoint) ?? new Set()
      this.owners.set(endpoint, owners.add(node))
      this.vanished.appeared(endpoint)
    } else if (node.endpoints.delete(endpoint)) {
      const owners = this.owners.get(endpoint)
      assert(owners?.delete(node) === true, 'owners mirror the endpoints of nodes')
      if (owners.size === 0) this.owners.delete(endpoint)
      this.noteIfVanished(endpoint, now)
    }
  }

  private noteIfVanished(endpoint: string, now: number): void {
    if (!this.isServed(endpoint)) this.vanished.vanished(endpoint, now)
  }

  private isServed(endpoint: string): boolean {
    const owners = this.owners.get(endpoint)
    return owners !== undefined && [...owners].some((node) => node.status === 'reachable')
  }

  private clearEndpoints(node: NodeRecord, now: number): void {
    for (const endpoint of node.endpoints.keys()) this.setCount(node, endpoint, 0, now)
  }
}

function declineKey(id: string, endpoint: string): string {
  return `${id}\n${endpoint}`
}

function newRecord(id: string, gossipAddress: string): NodeRecord {
  return {
    id,
    gossipAddress,
    status: 'reachable',
    proxyAddress: '',
    adminAddress: '',
    adminTls: false,
    endpoints: new Map(),
  }
}

function weightOf(node: ClusterNode, endpoint: string): number {
  return node.endpoints.get(endpoint) ?? 0
}
