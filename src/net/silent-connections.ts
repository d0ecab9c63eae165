import type { Socket } from 'node:net'

/**
 * Between one connection whose time is over and the next: those who say nothing are cheap as long
 * as they stay, and come again when they do not.
 */
const EXPIRED_EVERY_MS = 10

export interface SilentConnectionsOptions {
  /** How long a client may take to say something, in milliseconds; 0: as long as it likes. */
  readonly silenceMs: () => number
  /** The first bytes have come; they wait in the socket. */
  readonly spoke: (socket: Socket) => void
  /** Nothing came in time: it is about to be closed. */
  readonly expired: (socket: Socket) => void
}

/**
 * New connections until their first byte, as the operating system's `TCP_DEFER_ACCEPT` has it: a
 * parser, a handshake and all that belongs to them are for those who speak. Ten thousand who do not
 * cost half of the memory and of the time, and their end is spread.
 */
export class SilentConnections {
  private readonly options: SilentConnectionsOptions
  /** Since when they are silent, in milliseconds: the longest first. */
  private readonly sinceMs = new Map<Socket, number>()
  private timer: NodeJS.Timeout | undefined

  constructor(options: SilentConnectionsOptions) {
    this.options = options
  }

  /** Waits for the first byte of a connection that nobody reads yet. */
  add(socket: Socket): void {
    this.sinceMs.set(socket, performance.now())
    socket.once('readable', () => this.heard(socket))
    socket.once('close', () => this.sinceMs.delete(socket))
    this.timer ??= this.look(this.options.silenceMs())
  }

  /** Ends those that are still silent. */
  close(): void {
    for (const socket of this.sinceMs.keys()) socket.destroy()
  }

  private heard(socket: Socket): void {
    if (!this.sinceMs.delete(socket)) return
    // Its end is readable, too.
    if (socket.readableLength > 0) this.options.spoke(socket)
    else socket.destroy()
  }

  private look(afterMs: number): NodeJS.Timeout | undefined {
    if (this.options.silenceMs() === 0) return undefined
    return setTimeout(() => this.expire(), Math.max(afterMs, EXPIRED_EVERY_MS)).unref()
  }

  private expire(): void {
    this.timer = undefined
    const [longest] = this.sinceMs
    const silenceMs = this.options.silenceMs()
    // It may have been changed since.
    if (longest === undefined || silenceMs === 0) return
    const [socket, sinceMs] = longest
    const leftMs = silenceMs - (performance.now() - sinceMs)
    if (leftMs <= 0) {
      this.sinceMs.delete(socket)
      this.options.expired(socket)
      socket.destroy()
    }
    this.timer = this.look(leftMs)
  }
}
