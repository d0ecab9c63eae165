export interface RebalanceConfig {
  /** How far above the average, as a share of it, a node may be; 0 turns rebalancing off. */
  readonly threshold: number
  /** Upstreams that a node sends away at once, as a share of the average. */
  readonly shedRate: number
  /** A node with fewer keeps what it has. */
  readonly minConns: number
}

/**
 * How many of its upstreams a node sends to others now, so that nodes which joined get their share.
 * `local` is its own number, without those that are on their way already; `others` are those of the
 * other live nodes.
 *
 *     average        average × (1 + threshold)      local
 *        ├───────────────────┤─ ─ ─ ─ ─ shed ─ ─ ─ ─ ─┤      at most average × shedRate at once
 *
 * A node only sends away what lies above the threshold, and only to come down to it: whoever gets
 * it began below, so that nothing is sent back.
 */
export function upstreamsToShed(
  local: number,
  others: readonly number[],
  { threshold, shedRate, minConns }: RebalanceConfig,
): number {
  if (threshold === 0 || others.length === 0 || local < minConns) return 0
  const total = others.reduce((sum, count) => sum + count, local)
  const average = total / (others.length + 1)
  const excess = Math.floor(local - average * (1 + threshold))
  return Math.max(0, Math.min(excess, Math.ceil(average * shedRate)))
}
