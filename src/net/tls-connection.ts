import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'

/**
 * The TCP connection below a TLS socket that a server accepted. Node has no public name for it:
 * whoever asks must have a way without.
 */
export function connectionBelow(socket: TLSSocket): Socket | undefined {
  return (socket as TLSSocket & { _parent?: Socket | null })._parent ?? undefined
}
