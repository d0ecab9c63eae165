import { randomInt } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import { formatHostPort } from '../../std/host-port.ts'
import type { HostPort } from '../../std/host-port.ts'

/** What the other nodes and operators know a node by. */
export interface LocalNode {
  readonly id: string
  /** Where clients and other nodes reach its proxy and admin ports. */
  readonly proxyAddr: string
  readonly adminAddr: string
}

const ID_CHARACTERS = 'abcdefghijklmnopqrstuvwxyz0123456789'
const ID_LENGTH = 7

/** A name for a node that was given none. */
export function randomNodeId(): string {
  return Array.from(
    { length: ID_LENGTH },
    () => ID_CHARACTERS[randomInt(ID_CHARACTERS.length)] as string,
  ).join('')
}

/**
 * The address that others reach a listening port at: the one it is bound to, or, when that is every
 * address of the host, the host's first private one; the loopback address on a host without any.
 */
export function advertisedAddress({ host, port }: HostPort): string {
  const isAny = host === '' || host === '0.0.0.0' || host === '::'
  return formatHostPort({ host: isAny ? (privateAddress() ?? '127.0.0.1') : host, port })
}

function privateAddress(): string | undefined {
  const addresses = Object.values(networkInterfaces()).flatMap((interfaces) => interfaces ?? [])
  return addresses.find(({ internal, family, address }) => {
    return !internal && family === 'IPv4' && isPrivate(address)
  })?.address
}

/** RFC 1918 §3. */
function isPrivate(address: string): boolean {
  return /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/.test(address)
}
