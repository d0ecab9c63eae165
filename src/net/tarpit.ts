import type { Socket } from 'node:net'
import { slowly, Turnstile } from './turnstile.ts'

/**
 * Where connections go that nobody wants: they stay open, unread and unanswered, until their time
 * is over. Whoever is closed at once comes again at once, and every time costs more than to hold
 * him.
 */
export class Tarpit {
  private readonly heldMax: number
  private readonly held = new Set<Socket>()
  /** The time of all that came from an address is over in the same moment. */
  private readonly exit = new Turnstile<Socket>((socket) => socket.destroy(), slowly)

  /** Holds `heldMax` at once: each keeps a descriptor and the buffers of its socket. */
  constructor(heldMax: number) {
    this.heldMax = heldMax
  }

  /** Holds a connection that nobody else reads; closes it at once when there are too many. */
  hold(socket: Socket, ms: number): void {
    socket.pause()
    socket.on('error', () => socket.destroy())
    if (this.held.size >= this.heldMax) return void socket.destroy()
    this.held.add(socket)
    const release = setTimeout(() => this.exit.come(socket), ms)
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
