import type { Socket } from 'node:net'

/** How long a peer may go on sending once it has been told everything. */
const LINGER_MS = 2_000

/** How much it may send meanwhile, about: who floods does not stop by himself. */
const LINGER_BYTES_MAX = 1_048_576
const LOOK_MS = 50

/**
 * Ends a connection whose peer may still be sending: everything written goes out, then FIN, and
 * what comes meanwhile is dropped. Closed over unread input instead, the operating system says RST,
 * which can take the last answer out of the peer's hands before it was read (RFC 9112 §9.6).
 */
export function closeGently(socket: Socket): void {
  socket.end(() => {
    if (socket.destroyed) return
    const { bytesRead } = socket
    const untilMs = performance.now() + LINGER_MS
    // node:http reads many connections without telling anybody of their bytes.
    const timer = setInterval(() => {
      const isOver = performance.now() >= untilMs
      if (isOver || socket.bytesRead - bytesRead > LINGER_BYTES_MAX) socket.destroy()
    }, LOOK_MS)
    socket.once('close', () => clearInterval(timer))
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
