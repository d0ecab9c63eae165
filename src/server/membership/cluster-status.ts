import type { ClusterTable } from '../../cluster/cluster-table.ts'
import type { ClusterNode } from '../../cluster/node.ts'
import { shownName } from '../upstream/tenant-endpoint.ts'
import type { Membership } from './membership.ts'

/** A node's status in the words of the status API (compatibility, §1.5). */
export type StatusWord = 'active' | 'unreachable' | 'left'

export interface NodeIdentity {
  readonly id: string
  readonly status: StatusWord
  readonly proxy_addr: string
  readonly admin_addr: string
}

/** How the admin port of a node is reached. */
export interface AdminPort {
  readonly address: string
  readonly tls: boolean
}

export interface GossipNode {
  readonly id: string
  readonly addr: string
  readonly version: number
  readonly left: boolean
  readonly unreachable: boolean
}

export interface GossipEntry {
  readonly key: string
  readonly value: string
  readonly version: number
  readonly internal: boolean
  readonly deleted: boolean
}

/** What this node knows of the cluster, for operators. */
export class ClusterStatus {
  private readonly table: ClusterTable
  private readonly membership: Membership

  constructor(table: ClusterTable, membership: Membership) {
    this.table = table
    this.membership = membership
  }

  /** Every known node with its number of endpoints and upstreams, the local one first. */
  nodes(): (NodeIdentity & { endpoints: number; upstreams: number })[] {
    return Array.from(this.table.nodes(), (node) => ({
      ...identityOf(node),
      endpoints: node.endpoints.size,
      upstreams: sum(node.endpoints.values()),
    }))
  }

  /** One node with the upstreams of each endpoint, null when it has none; `local` is this one. */
  node(id: string): (NodeIdentity & { endpoints: ReadonlyMap<string, number> | null }) | undefined {
    const node = id === 'local' ? this.table.localNode : this.table.node(id)
    if (node === undefined) return undefined
    const endpoints = new Map(
      Array.from(node.endpoints, ([name, count]) => [shownName(name), count]),
    )
    return { ...identityOf(node), endpoints: endpoints.size > 0 ? endpoints : null }
  }

  /** Where the node's admin port is; undefined when nobody knows the node, or it did not say. */
  adminPort(id: string): AdminPort | undefined {
    const { adminAddress: address = '', adminTls: tls = false } = this.table.node(id) ?? {}
    return address === '' ? undefined : { address, tls }
  }

  /** How many nodes have each status. */
  counts(): ReadonlyMap<StatusWord, number> {
    const counts = new Map<StatusWord, number>([
      ['active', 0],
      ['unreachable', 0],
      ['left', 0],
    ])
    for (const { status } of this.table.nodes()) {
      const word = wordOf(status)
      counts.set(word, (counts.get(word) as number) + 1)
    }
    return counts
  }

  /** What gossip knows of every node, sorted by id. */
  gossipNodes(): GossipNode[] {
    return Array.from(this.table.nodes(), ({ id, gossipAddress, status }) => ({
      id,
      addr: gossipAddress,
      version: this.stateOf(id)?.version ?? 0,
      left: status === 'left',
      unreachable: status === 'unreachable',
    })).sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  /** The same of one node, with everything it has told. */
  gossipNode(id: string): (GossipNode & { Entries: GossipEntry[] }) | undefined {
    const node = this.gossipNodes().find((known) => known.id === id)
    if (node === undefined) return undefined
    const entries = Array.from(this.stateOf(id)?.entries() ?? [], (entry) => ({
      ...entry,
      key: shownName(entry.key),
      internal: entry.key.startsWith('_'),
    }))
    return { ...node, Entries: entries }
  }

  private stateOf(id: string) {
    return this.membership.core?.cluster.node(id)?.state
  }
}

function identityOf({ id, status, proxyAddress, adminAddress }: ClusterNode): NodeIdentity {
  return { id, status: wordOf(status), proxy_addr: proxyAddress, admin_addr: adminAddress }
}

/** The API calls a reachable node active. */
function wordOf(status: ClusterNode['status']): StatusWord {
  return status === 'reachable' ? 'active' : status
}

function sum(values: Iterable<number>): number {
  let total = 0
  for (const value of values) total += value
  return total
}
