import type { Socket } from 'node:net'

/**
 * The address of a socket's peer, '' when it is gone. A dual-stack socket reports IPv4 peers as
 * IPv4-mapped IPv6 addresses (RFC 4291 §2.5.5.2); nobody looks for them in that form.
 */
export function peerAddress({ remoteAddress = '' }: Socket): string {
  return remoteAddress.startsWith('::ffff:') ? remoteAddress.slice(7) : remoteAddress
}
