import type { StatusDocument } from './status-output.ts'

/** What the admin port says of a node (docs/reference, status API). */
export interface ClusterNodeStatus {
  readonly id: string
  readonly status: string
  readonly proxy_addr: string
  readonly admin_addr: string
}

export interface ClusterNodeSummary extends ClusterNodeStatus {
  readonly endpoints: number
  readonly upstreams: number
}

export interface ClusterNodeDetail extends ClusterNodeStatus {
  readonly endpoints: Readonly<Record<string, number>> | null
}

export interface GossipNodeStatus {
  readonly id: string
  readonly addr: string
  readonly version: number
  readonly left: boolean
  readonly unreachable: boolean
}

export interface GossipNodeDetail extends GossipNodeStatus {
  readonly Entries: readonly {
    readonly key: string
    readonly value: string
    readonly version: number
    readonly deleted: boolean
  }[]
}

/** Upstreams of each endpoint: how many, or with `?verbose` each of them. */
export type EndpointCounts = Readonly<Record<string, number>>
export type EndpointUpstreams = Readonly<
  Record<string, readonly { readonly remote_addr: string }[]>
>

export function clusterNodesDocument(
  nodes: readonly ClusterNodeSummary[],
  status: string,
): StatusDocument {
  const shown = byId(nodes.filter((node) => status === 'all' || node.status === status))
  return {
    value: { nodes: shown },
    headings: ['ID', 'STATUS', 'PROXY', 'ADMIN', 'ENDPOINTS', 'UPSTREAMS'],
    rows: shown.map((node) => [
      node.id,
      node.status,
      node.proxy_addr,
      node.admin_addr,
      node.endpoints,
      node.upstreams,
    ]),
  }
}

/** As a table, the node's endpoints. */
export function clusterNodeDocument(node: ClusterNodeDetail): StatusDocument {
  const endpoints = byName(node.endpoints ?? {})
  return { value: node, headings: ['ENDPOINT', 'UPSTREAMS'], rows: endpoints }
}

export function gossipNodesDocument(nodes: readonly GossipNodeStatus[]): StatusDocument {
  const shown = byId(nodes)
  return {
    value: { nodes: shown },
    headings: ['ID', 'ADDRESS', 'VERSION', 'UNREACHABLE', 'LEFT'],
    rows: shown.map(({ id, addr, version, unreachable, left }) => [
      id,
      addr,
      version,
      unreachable,
      left,
    ]),
  }
}

/** As a table, what the node has told of itself. */
export function gossipNodeDocument(node: GossipNodeDetail): StatusDocument {
  return {
    value: node,
    headings: ['KEY', 'VALUE', 'VERSION', 'DELETED'],
    rows: node.Entries.map(({ key, value, version, deleted }) => [key, value, version, deleted]),
  }
}

export function endpointsDocument(counts: EndpointCounts): StatusDocument {
  const rows = byName(counts)
  return {
    value: { endpoints: Object.fromEntries(rows) },
    headings: ['ENDPOINT', 'UPSTREAMS'],
    rows,
  }
}

/** As a table, a row for each upstream. */
export function upstreamsDocument(upstreams: EndpointUpstreams): StatusDocument {
  const endpoints = byName(upstreams)
  return {
    value: { endpoints: Object.fromEntries(endpoints) },
    headings: ['ENDPOINT', 'UPSTREAM'],
    rows: endpoints.flatMap(([id, connected]) =>
      connected.map(({ remote_addr: address }) => [id, address]),
    ),
  }
}

function byId<Node extends { readonly id: string }>(nodes: readonly Node[]): Node[] {
  return [...nodes].sort((a, b) => compare(a.id, b.id))
}

function byName<Value>(record: Readonly<Record<string, Value>>): [string, Value][] {
  return Object.entries(record).sort(([a], [b]) => compare(a, b))
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
