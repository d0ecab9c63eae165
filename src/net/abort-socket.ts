import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { connectionBelow } from './tls-connection.ts'

/**
 * Breaks a connection so that the peer cannot take it for an end: RST. A TLS socket itself cannot
 * be reset, but the connection below it; where that is out of reach, the missing close_notify says
 * the same to a careful peer (RFC 8446 §6.1).
 */
export function abortSocket(socket: Socket): void {
  if (socket instanceof TLSSocket) {
    const below = connectionBelow(socket)
    if (below !== undefined) resetSocket(below)
    socket.destroy()
  } else {
    resetSocket(socket)
  }
}

function resetSocket(socket: Socket): void {
  if (socket.connecting) socket.destroy()
  else if (isShuttingDown(socket)) socket.once('finish', () => socket.resetAndDestroy())
  else socket.resetAndDestroy()
}

/**
 * A FIN is on its way to the operating system, which takes a turn of the event loop. In it libuv
 * refuses a reset, and Node would never close the socket.
 */
function isShuttingDown(socket: Socket): boolean {
  return socket.writableEnded && !socket.writableFinished && socket.writableLength === 0
}
