import { randomInt } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import type { HostPort } from '../../std/host-port.ts'

const ID_CHARACTERS = 'abcdefghijklmnopqrstuvwxyz0123456789'
const ID_LENGTH = 7

const LOOPBACK = '127.0.0.1'

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
export function advertisedAddress({ host, port }: HostPort): HostPort {
  const isAny = host === '' || host === '0.0.0.0' || host === '::'
  return { host: isAny ? (privateAddress() ?? LOOPBACK) : host, port }
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
