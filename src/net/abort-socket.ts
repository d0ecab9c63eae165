import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

/**
 * Breaks a connection so that the peer cannot take it for an end: RST. A TLS peer knows by the
 * missing close_notify (RFC 8446 §6.1), and its socket cannot be reset.
 */
export function abortSocket(socket: Socket): void {
  if (socket instanceof TLSSocket) socket.destroy()
  else socket.resetAndDestroy()
}
