import type { TenantConfig } from '../../auth/config.ts'
import type { GaugeReading } from '../../metrics/metrics.ts'
import { assert } from '../../std/assert.ts'
import { ByteRate } from './byte-rate.ts'

/** Which limit of a tenant is reached; the label of `piko_tenant_limits_exceeded_total`. */
export type TenantLimit = 'endpoints' | 'connections' | 'requests' | 'bytes'

/** Takes back what was counted; once. */
export type Release = () => void

interface Usage {
  readonly tenantId: string
  readonly limits: TenantConfig['limits']
  /** Tunnels of each endpoint. */
  readonly endpoints: Map<string, number>
  connections: number
  requests: number
  /** Undefined without a limit. */
  readonly rate: ByteRate | undefined
}

/** What each tenant uses of this node, against what it may use. */
export class TenantQuotas {
  private readonly usages: ReadonlyMap<string, Usage>
  private readonly exceeded: (tenantId: string, limit: TenantLimit) => void

  /** `exceeded` is told whenever somebody is turned away. */
  constructor(
    tenants: readonly TenantConfig[],
    exceeded: (tenantId: string, limit: TenantLimit) => void,
  ) {
    this.usages = new Map(tenants.map((tenant) => [tenant.id, unused(tenant)]))
    this.exceeded = exceeded
  }

  /** What each tenant uses now, for metrics. */
  get readings(): GaugeReading {
    return [...this.usages.values()].flatMap(({ tenantId: tenant, ...usage }) => [
      { labels: { tenant, limit: 'endpoints' }, value: usage.endpoints.size },
      { labels: { tenant, limit: 'connections' }, value: usage.connections },
      { labels: { tenant, limit: 'requests' }, value: usage.requests },
    ])
  }

  /** Counts a tunnel, or says which limit is in its way. */
  openTunnel(tenantId: string, endpointId: string): Release | TenantLimit {
    const usage = this.usages.get(tenantId)
    if (usage === undefined) return () => {}
    const { limits, endpoints } = usage
    if (isReached(limits.connections, usage.connections)) return this.refuse(usage, 'connections')
    const tunnels = endpoints.get(endpointId) ?? 0
    if (tunnels === 0 && isReached(limits.endpoints, endpoints.size)) {
      return this.refuse(usage, 'endpoints')
    }
    usage.connections += 1
    endpoints.set(endpointId, tunnels + 1)
    return once(() => closeTunnel(usage, endpointId))
  }

  /** Counts a request or connection of a client, or says that there are too many. */
  beginRequest(tenantId: string): Release | TenantLimit {
    const usage = this.usages.get(tenantId)
    if (usage === undefined) return () => {}
    const { limits, rate } = usage
    if (isReached(limits.requestsInFlight, usage.requests)) return this.refuse(usage, 'requests')
    if (rate?.isBehind === true) return this.refuse(usage, 'bytes')
    usage.requests += 1
    return once(() => {
      usage.requests -= 1
    })
  }

  /** What a tenant's bytes keep to; undefined for any number of them. */
  rateOf(tenantId: string): ByteRate | undefined {
    return this.usages.get(tenantId)?.rate
  }

  private refuse({ tenantId }: Usage, limit: TenantLimit): TenantLimit {
    this.exceeded(tenantId, limit)
    return limit
  }
}

function unused({ id, limits }: TenantConfig): Usage {
  const { bytesPerSecond } = limits
  return {
    tenantId: id,
    limits,
    endpoints: new Map(),
    connections: 0,
    requests: 0,
    rate: bytesPerSecond > 0 ? new ByteRate(bytesPerSecond) : undefined,
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
