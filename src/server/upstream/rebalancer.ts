import type { ClusterTable } from '../../cluster/cluster-table.ts'
import type { ClusterNode } from '../../cluster/node.ts'
import { upstreamsToShed } from '../../cluster/rebalance.ts'
import type { RebalanceConfig } from '../../cluster/rebalance.ts'
import type { Logger } from '../../log/logger.ts'

/** How often a node compares itself with the others. */
const INTERVAL_MS = 1_000

export interface RebalancerOptions {
  readonly config: RebalanceConfig
  readonly table: ClusterTable
  readonly upstreams: SheddingUpstreams
  readonly logger: Logger
}

/** The upstreams of this node, as far as they can be sent elsewhere. */
export interface SheddingUpstreams {
  /** Those that stay; who was asked to go does not count. */
  readonly stayingCount: number
  /** Asks so many to go to another node. */
  shed(count: number): void
}

/** Sends upstreams to other nodes while this one has far more than its share. */
export class Rebalancer {
  private readonly options: RebalancerOptions
  private timer: NodeJS.Timeout | undefined

  constructor(options: RebalancerOptions) {
    this.options = options
  }

  start(): void {
    if (this.options.config.threshold === 0) return
    this.timer = setInterval(() => this.compare(), INTERVAL_MS)
  }

  stop(): void {
    clearInterval(this.timer)
  }

  private compare(): void {
    const { config, table, upstreams, logger } = this.options
    const others = [...table.nodes()].filter((node) => {
      return node !== table.localNode && node.status === 'reachable'
    })
    const local = upstreams.stayingCount
    const shed = upstreamsToShed(local, others.map(upstreamCount), config)
    if (shed === 0) return
    logger.info('rebalancing', { upstreams: local, 'sent-away': shed })
    upstreams.shed(shed)
  }
}

function upstreamCount({ endpoints }: ClusterNode): number {
  let total = 0
  for (const count of endpoints.values()) total += count
  return total
}
