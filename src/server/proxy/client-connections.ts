import { Server } from 'node:net'
import type { Socket } from 'node:net'

/** Told that the connection of a request is gone. */
type Gone = () => void

/** On a leaving node: how long a connection without a request may still send one. */
const IDLE_MS = 500

/**
 * The proxy port's open connections and the requests under way on each: a request hears of its
 * connection's end, and a leaving node closes each connection at the right moment. node:http would
 * not: its `close` destroys connections whose last answer is still flushing, and waits for those
 * that have not sent a request yet.
 */
export class ClientConnections {
  private readonly underWay = new Map<Socket, Set<Gone>>()
  private leaving = false

  /** A connection came. One that is known already is read by node:http a second time. */
  add(socket: Socket): void {
    if (this.underWay.has(socket)) return
    this.underWay.set(socket, new Set())
    socket.once('close', () => this.closed(socket))
  }

  /** A request began on the connection; the returned call says that it is over. */
  begin(socket: Socket, gone: Gone): () => void {
    this.underWay.get(socket)?.add(gone)
    return () => this.end(socket, gone)
  }

  /** Requests and upgraded connections under way. */
  get requestCount(): number {
    let count = 0
    for (const requests of this.underWay.values()) count += requests.size
    return count
  }

  /** The connections with a request under way. */
  *busy(): Generator<Socket> {
    for (const [socket, requests] of this.underWay) if (requests.size > 0) yield socket
  }

  /** Whether a request is under way on the connection. */
  isBusy(socket: Socket): boolean {
    return (this.underWay.get(socket)?.size ?? 0) > 0
  }

  /**
   * Takes no more connections; resolves when the last one has closed behind its last answer.
   * `closeSilent` closes those that were never added, at the time of those without a request.
   */
  async drain(server: Server, closeSilent: () => void): Promise<void> {
    this.leaving = true
    await new Promise<void>((resolve) => {
      Server.prototype.close.call(server, () => resolve())
      // A request may be on its way on a connection that looks idle, and would be lost with it.
      const closeIdle = setTimeout(() => {
        closeSilent()
        this.closeIdle()
      }, IDLE_MS)
      closeIdle.unref()
    })
    // What is left of node:http's own: its timer.
    server.close()
  }

  /** Cuts everything. */
  destroy(): void {
    for (const socket of this.underWay.keys()) socket.destroy()
  }

  private closeIdle(): void {
    for (const [socket, requests] of this.underWay) if (requests.size === 0) socket.destroySoon()
  }

  private end(socket: Socket, gone: Gone): void {
    const requests = this.underWay.get(socket)
    // A closed connection is forgotten, with everything on it.
    if (requests?.delete(gone) !== true) return
    if (this.leaving && requests.size === 0) socket.destroySoon()
  }

  private closed(socket: Socket): void {
    const requests = this.underWay.get(socket) ?? []
    this.underWay.delete(socket)
    for (const gone of requests) gone()
  }
}
