import type { Socket } from 'node:net'

/** Connections held at once: each keeps a descriptor and the buffers of its socket. */
const HELD_MAX = 4_096

/**
 * Where connections go that nobody wants: they stay open, unread and unanswered, until their time
 * is over. Whoever is closed at once comes again at once, and every time costs more than to hold
 * him.
 */
export class Tarpit {
  private readonly held = new Set<Socket>()

  /** Holds a connection that nobody else reads; closes it at once when there are too many. */
  hold(socket: Socket, ms: number): void {
    socket.pause()
    socket.on('error', () => socket.destroy())
    if (this.held.size >= HELD_MAX) return void socket.destroy()
    this.held.add(socket)
    const release = setTimeout(() => socket.destroy(), ms)
    socket.once('close', () => {
      clearTimeout(release)
      this.held.delete(socket)
    })
  }

  /** Closes them all. */
  empty(): void {
    for (const socket of this.held) socket.destroy()
  }
}
