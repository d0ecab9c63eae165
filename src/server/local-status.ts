import type { NodeDetail, NodeSummary, StatusSource } from './admin/status-source.ts'
import type { EndpointRegistry } from './upstream/endpoint-registry.ts'

/** What a node on its own knows of the cluster: itself, and the upstreams that it has. */
export class LocalStatus implements StatusSource {
  private readonly nodeId: string
  private readonly registry: EndpointRegistry
  private proxyAddr = ''
  private adminAddr = ''

  constructor(nodeId: string, registry: EndpointRegistry) {
    this.nodeId = nodeId
    this.registry = registry
  }

  /** Sets where others reach the node, once its ports are open. */
  advertise(proxyAddr: string, adminAddr: string): void {
    this.proxyAddr = proxyAddr
    this.adminAddr = adminAddr
  }

  upstreamEndpoints(): ReadonlyMap<string, number> {
    return new Map(this.registry.counts())
  }

  clusterNodes(): readonly NodeSummary[] {
    const { endpointCount, upstreamCount } = this.registry
    return [{ ...this.identity(), endpoints: endpointCount, upstreams: upstreamCount }]
  }

  clusterNode(id: string): NodeDetail | undefined {
    if (id !== 'local' && id !== this.nodeId) return undefined
    const endpoints = this.registry.endpointCount > 0 ? this.upstreamEndpoints() : null
    return { ...this.identity(), endpoints }
  }

  private identity(): Omit<NodeDetail, 'endpoints'> {
    return {
      id: this.nodeId,
      status: 'active',
      proxy_addr: this.proxyAddr,
      admin_addr: this.adminAddr,
    }
  }
}
