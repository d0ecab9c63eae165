import { NetworkSet } from '../../net/network-set.ts'
import type { UpstreamError } from './upstream-errors.ts'

export interface TunnelLimitsOptions {
  /** Tunnels of the node at once; 0 is no limit. */
  readonly maxTunnels: number
  /** Tunnels from one address at once; 0 is no limit. */
  readonly maxTunnelsPerAddress: number
  /** Addresses and networks that may have as many as they like. */
  readonly exempt: readonly string[]
  readonly exceeded: (limit: 'max_tunnels' | 'max_tunnels_per_address', address: string) => void
}

/** Both are worth trying again: every client of Piko's comes back after these two. */
const FULL: UpstreamError = { status: 503, error: 'too many tunnels on this node' }
const GREEDY: UpstreamError = { status: 429, error: 'too many tunnels from this address' }

/** Bounds the tunnels of a node, altogether and from each address. */
export class TunnelLimits {
  private readonly options: TunnelLimitsOptions
  private readonly exempt: NetworkSet
  private readonly countByAddress = new Map<string, number>()
  private count = 0

  constructor(options: TunnelLimitsOptions) {
    this.options = options
    this.exempt = new NetworkSet(options.exempt)
  }

  /** Why this address gets no tunnel now; undefined when it does. */
  refusal(address: string): UpstreamError | undefined {
    const { maxTunnels, maxTunnelsPerAddress, exceeded } = this.options
    if (maxTunnels > 0 && this.count >= maxTunnels) {
      exceeded('max_tunnels', address)
      return FULL
    }
    const own = this.countByAddress.get(address) ?? 0
    if (maxTunnelsPerAddress === 0 || own < maxTunnelsPerAddress) return undefined
    if (this.exempt.includes(address)) return undefined
    exceeded('max_tunnels_per_address', address)
    return GREEDY
  }

  /** A tunnel was opened. The returned call says, once, that it is gone. */
  opened(address: string): () => void {
    this.count += 1
    this.countByAddress.set(address, (this.countByAddress.get(address) ?? 0) + 1)
    return () => this.closed(address)
  }

  private closed(address: string): void {
    this.count -= 1
    const own = (this.countByAddress.get(address) ?? 0) - 1
    if (own > 0) this.countByAddress.set(address, own)
    else this.countByAddress.delete(address)
  }
}
