import type { Server } from 'node:net'
import { answerBytes } from '../../net/answer.ts'
import { ConnectionLimits } from '../../net/connection-limits.ts'
import { NetworkSet } from '../../net/network-set.ts'
import type { ExceededLimits } from './exceeded-limits.ts'

/** Watches over the connections of a port. */
export interface PortGuard {
  watch(server: Server): void
  /** Somebody there floods this node. */
  ban(address: string): void
}

export interface PortLimits {
  readonly maxConnections: number
  readonly maxConnectionsPerAddress: number
  readonly exempt: readonly string[]
  /** Only on ports where somebody can be told to flood. */
  readonly floodBanMs?: number
}

const REFUSAL = answerBytes({
  status: 429,
  error: 'too many connections from this address',
  kind: 'request',
})

/** Holds a port to the limits of its connections, and counts what was refused. */
export function portGuard(
  port: 'proxy' | 'upstream' | 'admin',
  limits: PortLimits,
  exceeded: ExceededLimits,
): PortGuard {
  const connections = new ConnectionLimits({
    max: limits.maxConnections,
    maxPerAddress: limits.maxConnectionsPerAddress,
    banMs: limits.floodBanMs ?? 0,
    exempt: new NetworkSet(limits.exempt),
    exceeded: (limit, address) => {
      exceeded.note(
        limit === 'flood_ban' ? 'upstream.limits.flood_ban' : `${port}.limits.${limit}`,
        address,
      )
    },
  })
  return {
    watch: (server) => connections.guard(server, REFUSAL),
    ban: (address) => connections.ban(address),
  }
}
