/** What gossip says of a node: only a reachable one is routed to. */
export type NodeStatus = 'reachable' | 'unreachable' | 'left'

/** The keys under which nodes tell of themselves; an endpoint's value is its upstream count. */
export const PROXY_ADDRESS_KEY = 'proxy_addr'
export const ADMIN_ADDRESS_KEY = 'admin_addr'
/** Set by nodes whose admin port speaks TLS. */
export const ADMIN_TLS_KEY = 'admin_tls'
const ENDPOINT_PREFIX = 'endpoint:'

/** The key of an endpoint's count. */
export function endpointKey(endpoint: string): string {
  return ENDPOINT_PREFIX + endpoint
}

/** One server process, this one or another, and the endpoints whose upstreams it holds. */
export interface ClusterNode {
  readonly id: string
  readonly gossipAddress: string
  readonly status: NodeStatus
  /** '' until the node said it. */
  readonly proxyAddress: string
  readonly adminAddress: string
  /** Whether its admin port speaks TLS. */
  readonly adminTls: boolean
  /** Endpoint id → number of upstreams connected there, always at least 1. */
  readonly endpoints: ReadonlyMap<string, number>
}

/** A key of a node, understood. Unknown keys come from later versions and mean nothing here. */
export type NodeKey =
  | { readonly kind: 'endpoint'; readonly endpoint: string }
  | { readonly kind: 'proxy-address' | 'admin-address' | 'admin-tls' | 'unknown' }

export function parseNodeKey(key: string): NodeKey {
  if (key.startsWith(ENDPOINT_PREFIX)) {
    return { kind: 'endpoint', endpoint: key.slice(ENDPOINT_PREFIX.length) }
  }
  if (key === PROXY_ADDRESS_KEY) return { kind: 'proxy-address' }
  if (key === ADMIN_TLS_KEY) return { kind: 'admin-tls' }
  return { kind: key === ADMIN_ADDRESS_KEY ? 'admin-address' : 'unknown' }
}

/** An upstream count as peers write it; 0 for anything that is none, which advertises nothing. */
export function parseCount(value: string): number {
  return /^[1-9]\d{0,8}$/.test(value) ? Number(value) : 0
}
