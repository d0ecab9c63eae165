import { Server } from 'node:net'
import type { Socket } from 'node:net'

/**
 * The proxy port's open connections and how many requests are under way on each, so that a leaving
 * node closes each one at the right moment. node:http would not: its `close` destroys connections
 * whose last answer is still flushing, and waits for those that have not sent a request yet.
 */
export class ClientConnections {
  private readonly underWay = new Map<Socket, number>()
  private leaving = false

  /** A connection came. One that is known already is read by node:http a second time. */
  add(socket: Socket): void {
    if (this.underWay.has(socket)) return
    this.underWay.set(socket, 0)
    socket.once('close', () => this.underWay.delete(socket))
  }

  /** A request began on the connection; the returned call says that it is over. */
  begin(socket: Socket): () => void {
    this.underWay.set(socket, (this.underWay.get(socket) ?? 0) + 1)
    return () => this.end(socket)
  }

  /** Whether a request is under way on the connection. */
  isBusy(socket: Socket): boolean {
    return (this.underWay.get(socket) ?? 0) > 0
  }

  /** Takes no more connections; resolves when the last one has closed behind its last answer. */
  async drain(server: Server): Promise<void> {
    this.leaving = true
    await new Promise<void>((resolve) => {
      Server.prototype.close.call(server, () => resolve())
      for (const [socket, count] of this.underWay) if (count === 0) socket.destroySoon()
    })
    // What is left of node:http's own: its timer.
    server.close()
  }

  /** Cuts everything. */
  destroy(): void {
    for (const socket of this.underWay.keys()) socket.destroy()
  }

  private end(socket: Socket): void {
    const count = this.underWay.get(socket)
    // A closed connection is forgotten, with everything on it.
    if (count === undefined) return
    this.underWay.set(socket, count - 1)
    if (this.leaving && count === 1) socket.destroySoon()
  }
}
