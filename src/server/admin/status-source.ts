/** A node in a listing. Names are those of the status API (compatibility, §1.5). */
export interface NodeSummary {
  readonly id: string
  readonly status: 'active' | 'unreachable' | 'left'
  readonly proxy_addr: string
  readonly admin_addr: string
  /** How many endpoints have upstreams there, and how many upstreams these are. */
  readonly endpoints: number
  readonly upstreams: number
}

/** One node with the upstreams of each endpoint; null when it has none. */
export interface NodeDetail extends Omit<NodeSummary, 'endpoints' | 'upstreams'> {
  readonly endpoints: ReadonlyMap<string, number> | null
}

/** What the admin port shows of the node's parts; each part offers what it knows. */
export interface StatusSource {
  /** Upstreams connected to this node, by endpoint. */
  upstreamEndpoints(): ReadonlyMap<string, number>
  clusterNodes(): readonly NodeSummary[]
  /** `local` is this node; undefined when nobody knows the id. */
  clusterNode(id: string): NodeDetail | undefined
}

/** JSON of `value`, with maps as objects: endpoint ids are data, `__proto__` is one. */
export function statusJson(value: unknown): string {
  return JSON.stringify(value, (_key, nested: unknown) =>
    nested instanceof Map ? Object.fromEntries(nested) : nested,
  )
}
