import type { Logger } from '../../log/logger.ts'
import type { Counter } from '../../metrics/counter.ts'
import type { Family } from '../../metrics/family.ts'
import type { Metrics } from '../../metrics/metrics.ts'

/** Every limit that is counted: by its setting, or by what it is where there is none. */
export const LIMITS = [
  'proxy.limits.max_connections',
  'proxy.limits.max_connections_per_address',
  'proxy.limits.flood_ban',
  'proxy.http.max_header_bytes',
  'proxy.http.max_headers',
  'proxy.http.read_header_timeout',
  'proxy.http.read_timeout',
  'proxy.http.min_body_rate',
  'proxy.http.write_timeout',
  'upstream.limits.max_connections',
  'upstream.limits.max_connections_per_address',
  'upstream.limits.max_tunnels',
  'upstream.limits.max_tunnels_per_address',
  'upstream.limits.flood_ban',
  'upstream.limits.handshake_timeout',
  'upstream.limits.max_message_bytes',
  'upstream.limits.max_streams_per_tunnel',
  'upstream.limits.max_buffered_bytes',
  'admin.limits.max_connections',
  'admin.limits.max_connections_per_address',
  'cluster.gossip.max_connections',
  'cluster.gossip.max_stranger_packets',
  'limits.max_buffered_bytes',
  'flood',
  'unsent_bytes',
] as const

export type Limit = (typeof LIMITS)[number]

/** Of each limit a line is logged this often at most: whoever attacks shall not fill the disk. */
const LOG_INTERVAL_MS = 10_000

/** Counts what was refused or ended for being beyond a limit, and tells the log now and then. */
export class ExceededLimits {
  private readonly counters: Family<Counter>
  private readonly logger: Logger
  private readonly loggedMs = new Map<Limit, number>()

  constructor(metrics: Metrics, logger: Logger) {
    this.logger = logger
    this.counters = metrics.counterFamily(
      'piko_limits_exceeded_total',
      'What was refused or ended because it was beyond a limit; `limit` is its setting.',
      ['limit'],
    )
    // All of them from the start: an alert on growth must not miss the first one.
    for (const limit of LIMITS) this.counters.with(limit)
  }

  /** `peer` is the address that the log names; it may be forged in datagrams. */
  note(limit: Limit, peer = ''): void {
    const counter = this.counters.with(limit)
    counter.inc()
    const nowMs = performance.now()
    if (nowMs - (this.loggedMs.get(limit) ?? -Infinity) < LOG_INTERVAL_MS) return
    this.loggedMs.set(limit, nowMs)
    this.logger.warn('limit exceeded', {
      limit,
      total: counter.value,
      ...(peer !== '' && { 'client-ip': peer }),
    })
  }
}
