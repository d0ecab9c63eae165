import type { Logger } from '../../log/logger.ts'
import type { Metrics } from '../../metrics/metrics.ts'
import { BufferBudget } from '../../net/buffer-budget.ts'
import type { NodePortLimits } from '../../net/node-port.ts'
import type { ReadGarbage } from '../../net/read-garbage.ts'
import type { YamuxError } from '../../yamux/errors.ts'
import type { ServerConfig } from '../config.ts'
import { ExceededLimits } from './exceeded-limits.ts'
import { portGuard } from './guard-port.ts'
import type { PortGuard } from './guard-port.ts'
import { noteSessionLimit } from './session-limit.ts'

/** What a port is held to, and whom it tells. */
export interface PortBounds {
  readonly guard: PortGuard
  readonly exceeded: ExceededLimits
  readonly budget: BufferBudget
}

/** All limits of a node as it is configured, and the account of what went beyond them. */
export class NodeLimits {
  readonly budget: BufferBudget
  private readonly config: ServerConfig
  private readonly exceeded: ExceededLimits
  private readonly garbage: ReadGarbage

  constructor(
    config: ServerConfig,
    { metrics, garbage, logger }: { metrics: Metrics; garbage: ReadGarbage; logger: Logger },
  ) {
    this.config = config
    this.garbage = garbage
    this.exceeded = new ExceededLimits(metrics, logger)
    this.budget = new BufferBudget(config.limits.maxBufferedBytes)
    metrics.gauge(
      'piko_buffered_bytes',
      'Bytes of answers that wait for clients, on all tunnels and relay sessions.',
      () => this.budget.heldBytes,
    )
  }

  forPort(port: 'proxy' | 'upstream' | 'admin'): PortBounds {
    const { limits } = this.config[port]
    // The load balancers in front of Piko are no strangers, however many connections they open.
    const trusted = port === 'proxy' ? this.config.proxy.trustedProxies : []
    const all = { ...limits, exempt: [...limits.exempt, ...trusted] }
    const { exceeded, budget, garbage } = this
    return { guard: portGuard(port, { limits: all, exceeded, garbage }), exceeded, budget }
  }

  forGossip(): NodePortLimits {
    return {
      ...this.config.cluster.gossip,
      exceeded: (limit, address) => this.exceeded.note(`cluster.gossip.${limit}`, address),
    }
  }

  /** A session or a stream ended, for whatever reason. */
  readonly noteEnd = (error: YamuxError): void => noteSessionLimit(this.exceeded, error)
}
