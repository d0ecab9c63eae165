import type { Checker } from '../checker.ts'
import type { World } from '../world.ts'

/** Addresses that belong to no node: strangers, who may lie about where they are. */
export const STRANGER_PREFIX = '192.0.2.'

/**
 * No packet is larger than the budget with its sealing, and a stranger that never proved its
 * address gets at most as many bytes as it sent.
 */
export function packetsKeepTheirBudget(world: World): Checker {
  const name = 'packets keep their budget'
  const { packetBytesMax, packetOverheadBytes } = world.config
  /** Bytes that each stranger may still get from each node. */
  const credit = new Map<string, number>()

  const charge = (pair: string, bytes: number): void => {
    const rest = (credit.get(pair) ?? 0) + bytes
    credit.set(pair, rest)
    if (rest < 0) world.fail(name, `${pair}: ${-rest} bytes more than were asked with`)
  }

  return {
    name,
    sent(from, to, bytes) {
      const sealed = bytes.length + packetOverheadBytes
      if (sealed > packetBytesMax) world.fail(name, `${from} sent ${sealed} bytes`)
      if (to.startsWith(STRANGER_PREFIX)) charge(`${to} at ${from}`, -bytes.length)
    },
    delivered(from, to, bytes) {
      if (from.startsWith(STRANGER_PREFIX)) charge(`${from} at ${to}`, bytes.length)
    },
  }
}
