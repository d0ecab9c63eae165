import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { connectionBelow } from './tls-connection.ts'

/**
 * Breaks a connection so that the peer cannot take it for an end: RST. A TLS socket itself cannot
 * be reset, but the connection below it; where that is out of reach, the missing close_notify says
 * the same to a careful peer (RFC 8446 §6.1).
 */
export function abortSocket(socket: Socket): void {
  if (!(socket instanceof TLSSocket)) return void socket.resetAndDestroy()
  connectionBelow(socket)?.resetAndDestroy()
  socket.destroy()
}
