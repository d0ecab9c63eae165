/** What the admin port shows of the node's parts, as values that are ready for JSON. */
export interface StatusSource {
  /** Upstreams connected to this node, by endpoint. */
  upstreamEndpoints(): ReadonlyMap<string, number>
  /** The same, with each of them. */
  upstreamDetails(): ReadonlyMap<string, readonly UpstreamDetail[]>
  readonly cluster: {
    nodes(): readonly object[]
    /** `local` is this node; undefined when nobody knows the id. */
    node(id: string): object | undefined
    gossipNodes(): readonly object[]
    gossipNode(id: string): object | undefined
    /** How a known node's admin port is reached. */
    adminPort(id: string): { readonly address: string; readonly tls: boolean } | undefined
  }
}

/** An upstream as the status API shows it. */
export interface UpstreamDetail {
  readonly remote_addr: string
}

/** JSON of `value`, with maps as objects: endpoint ids are data, `__proto__` is one. */
export function statusJson(value: unknown): string {
  return JSON.stringify(value, (_key, nested: unknown) =>
    nested instanceof Map ? Object.fromEntries(nested) : nested,
  )
}
