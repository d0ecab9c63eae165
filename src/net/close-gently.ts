import type { Socket } from 'node:net'

/** How long a peer may go on sending once it has been told everything. */
const LINGER_MS = 2_000

/**
 * Ends a connection whose peer may still be sending: everything written goes out, then FIN, and
 * what comes meanwhile is dropped. Closed over unread input instead, the operating system says RST,
 * which can take the last answer out of the peer's hands before it was read (RFC 9112 §9.6).
 */
export function closeGently(socket: Socket): void {
  socket.end(() => {
    if (socket.destroyed) return
    const timer = setTimeout(() => socket.destroy(), LINGER_MS)
    socket.once('close', () => clearTimeout(timer))
  })
  socket.resume()
}

/**
 * Makes whoever closes the socket behind its last answer do so gently. node:http calls
 * `destroySoon`, also on a client that is in the middle of its upload.
 */
export function closeGentlyBehindAnswer(socket: Socket): void {
  socket.destroySoon = () => closeGently(socket)
}
