import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { answerBytes } from '../../net/answer.ts'
import { Bans } from '../../net/bans.ts'
import { ConnectionLimits } from '../../net/connection-limits.ts'
import { NetworkSet } from '../../net/network-set.ts'
import { peerAddress } from '../../net/peer-address.ts'
import type { ReadGarbage } from '../../net/read-garbage.ts'
import { errorCode } from '../../std/errors.ts'
import type { ExceededLimits } from './exceeded-limits.ts'

/** Watches over the connections of a port. */
export interface PortGuard {
  watch(server: Server): void
  /** Somebody there floods this node. */
  ban(address: string): void
  /** node:http refused what came on a socket; whether that was once too often to be answered. */
  isFlooding(error: Error, socket: Socket): boolean
  /** The port closes: those end that are held, and those that have said nothing yet. */
  close(): void
}

export interface PortLimits {
  readonly maxConnections: number
  readonly maxConnectionsPerAddress: number
  readonly exempt: readonly string[]
  /** Only on ports where somebody can be told to flood. */
  readonly floodBanMs?: number
}

/** Connections of those who are banned that are held, and the share of all that they may be. */
const HELD_MAX = 8_192
const HELD_SHARE = 8

const REFUSAL = answerBytes({
  status: 429,
  error: 'too many connections from this address',
  kind: 'request',
})

/** Whoever says nothing at all meets the limit of the time for a head. */
const SILENCE = {
  proxy: 'proxy.http.read_header_timeout',
  upstream: 'upstream.limits.handshake_timeout',
  // Its time is no setting.
  admin: undefined,
} as const

/** Holds a port to the limits of its connections, and counts what was refused. */
export function portGuard(
  port: 'proxy' | 'upstream' | 'admin',
  parts: { limits: PortLimits; exceeded: ExceededLimits; garbage: ReadGarbage },
): PortGuard {
  const { limits, exceeded, garbage } = parts
  const exempt = new NetworkSet(limits.exempt)
  const { maxConnections } = limits
  const heldMax = Math.min(HELD_MAX, maxConnections === 0 ? HELD_MAX : maxConnections / HELD_SHARE)
  const bans = new Bans({ banMs: limits.floodBanMs ?? 0, exempt, heldMax })
  const connections = new ConnectionLimits({
    max: maxConnections,
    maxPerAddress: limits.maxConnectionsPerAddress,
    exempt,
    bans,
    garbage,
    exceeded: (limit, address) => {
      const name = `${port}.limits.${limit}` as const
      // Nobody is banned from the admin port.
      if (name !== 'admin.limits.flood_ban') exceeded.note(name, address)
    },
  })
  return {
    watch: (server) =>
      connections.guard(server, {
        refusal: REFUSAL,
        silenceMs: () => server.headersTimeout,
        wasSilent: (address) => {
          const limit = SILENCE[port]
          if (limit !== undefined) exceeded.note(limit, address)
        },
      }),
    ban: (address) => bans.ban(address),
    isFlooding: (error, socket) => isBrokenHead(error) && bans.sentBrokenHead(peerAddress(socket)),
    close: () => {
      connections.close()
      bans.close()
    },
  }
}

/** A head that is too large, or no HTTP; not just one that does not come, or breaks off. */
function isBrokenHead(error: Error): boolean {
  const code = errorCode(error)
  return code?.startsWith('HPE_') === true && code !== 'HPE_INVALID_EOF_STATE'
}
