import type { ClusterTable } from '../../cluster/cluster-table.ts'
import type { Counter } from '../../metrics/counter.ts'
import type { Family } from '../../metrics/family.ts'
import type { Metrics } from '../../metrics/metrics.ts'
import type { EndpointRegistry } from '../upstream/endpoint-registry.ts'
import type { RouteRequest, Upstream } from '../upstream/upstream.ts'
import { EndpointHolds } from './endpoint-holds.ts'
import type { RelaySessions } from './relay-sessions.ts'

export interface RouterOptions {
  readonly registry: EndpointRegistry
  readonly table: ClusterTable
  readonly relays: RelaySessions
  readonly metrics: Metrics
  /** How long a request waits for an endpoint that vanished moments ago. */
  readonly holdMs: number
}

/**
 * Finds an upstream for a request: one that is connected to this node, else a node that has one.
 * Each node is tried once.
 */
export class Router {
  private readonly registry: EndpointRegistry
  private readonly table: ClusterTable
  private readonly relays: RelaySessions
  private readonly holds: EndpointHolds
  private readonly remoteRequests: Family<Counter>

  constructor({ registry, table, relays, metrics, holdMs }: RouterOptions) {
    this.holds = new EndpointHolds(holdMs)
    this.registry = registry
    this.table = table
    this.relays = relays
    this.remoteRequests = metrics.counterFamily(
      'piko_upstreams_remote_requests_total',
      'Requests and connections relayed to other nodes.',
      ['node_id'],
    )
  }

  /** See UpstreamSource. */
  vanishedRecently(endpointId: string): boolean {
    return this.table.vanishedRecently(endpointId, performance.now())
  }

  /** See UpstreamSource. */
  hold(endpointId: string, resume: () => void): boolean {
    return this.holds.add(endpointId, resume)
  }

  /** An endpoint got an upstream, here or on another node. */
  appeared(endpointId: string): void {
    this.holds.appeared(endpointId)
  }

  /** An upstream that could not reach its service just now is only picked for want of others. */
  pick(request: RouteRequest): Upstream | undefined {
    const sound = this.registry.pick(request.endpointId) ?? this.pickNode(request)
    if (sound !== undefined || request.soundOnly === true) return sound
    return this.registry.pickSuspended(request.endpointId)
  }

  private pickNode(request: RouteRequest): Upstream | undefined {
    const { endpointId, clientAddress, kind, triedNodes } = request
    const node = this.table.choose(endpointId, performance.now(), request)
    if (node === undefined) return undefined
    triedNodes.add(node.id)
    this.remoteRequests.with(node.id).inc()
    const preamble = { endpointId, clientAddress, kind, tenantId: '' }
    return this.relays.upstream(node, preamble, (hasSibling) => {
      if (hasSibling) triedNodes.delete(node.id)
      else this.table.declined(node.id, endpointId, performance.now())
    })
  }
}
