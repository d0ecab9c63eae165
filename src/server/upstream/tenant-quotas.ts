import type { TenantConfig } from '../../auth/config.ts'
import { assert } from '../../std/assert.ts'

/** Which limit of a tenant is reached; the label of `piko_tenant_limits_exceeded_total`. */
export type TenantLimit = 'endpoints' | 'connections' | 'requests'

/** Takes back what was counted; once. */
export type Release = () => void

interface Usage {
  readonly limits: TenantConfig['limits']
  /** Tunnels of each endpoint. */
  readonly endpoints: Map<string, number>
  connections: number
  requests: number
}

/** What each tenant uses of this node, against what it may use. */
export class TenantQuotas {
  private readonly usages: ReadonlyMap<string, Usage>
  private readonly exceeded: (limit: TenantLimit) => void

  /** `exceeded` is told whenever somebody is turned away. */
  constructor(tenants: readonly TenantConfig[], exceeded: (limit: TenantLimit) => void) {
    this.usages = new Map(
      tenants.map(({ id, limits }) => {
        return [id, { limits, endpoints: new Map<string, number>(), connections: 0, requests: 0 }]
      }),
    )
    this.exceeded = exceeded
  }

  /** Counts a tunnel, or says which limit is in its way. */
  openTunnel(tenantId: string, endpointId: string): Release | TenantLimit {
    const usage = this.usages.get(tenantId)
    if (usage === undefined) return () => {}
    const { limits, endpoints } = usage
    if (isReached(limits.connections, usage.connections)) return this.refuse('connections')
    const tunnels = endpoints.get(endpointId) ?? 0
    if (tunnels === 0 && isReached(limits.endpoints, endpoints.size)) {
      return this.refuse('endpoints')
    }
    usage.connections += 1
    endpoints.set(endpointId, tunnels + 1)
    return once(() => closeTunnel(usage, endpointId))
  }

  /** Counts a request or connection of a client, or says that there are too many. */
  beginRequest(tenantId: string): Release | TenantLimit {
    const usage = this.usages.get(tenantId)
    if (usage === undefined) return () => {}
    if (isReached(usage.limits.requestsInFlight, usage.requests)) return this.refuse('requests')
    usage.requests += 1
    return once(() => {
      usage.requests -= 1
    })
  }

  private refuse(limit: TenantLimit): TenantLimit {
    this.exceeded(limit)
    return limit
  }
}

function closeTunnel(usage: Usage, endpointId: string): void {
  const tunnels = usage.endpoints.get(endpointId) ?? 0
  assert(tunnels > 0, 'a closed tunnel was counted')
  usage.connections -= 1
  if (tunnels === 1) usage.endpoints.delete(endpointId)
  else usage.endpoints.set(endpointId, tunnels - 1)
}

/** Zero is no limit. */
function isReached(limit: number, count: number): boolean {
  return limit > 0 && count >= limit
}

function once(release: Release): Release {
  let isDone = false
  return () => {
    if (!isDone) release()
    isDone = true
  }
}
