import type { Socket } from 'node:net'
import type { Transport, TransportHandler } from './transport.ts'

/** How long a closing connection may take to send what it still holds. */
const LINGER_MS = 2_000

/** A session's bytes on a bare socket, plain or TLS: between nodes nothing has to be framed. */
export class TcpTransport implements Transport {
  readonly overwrites = false
  private readonly socket: Socket
  private handler: TransportHandler | undefined
  private failure: Error | undefined

  /** What is sent before the socket is connected waits. It delivers nothing before `start`. */
  constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.on('error', (error) => {
      this.failure = error
    })
  }

  get bufferedBytes(): number {
    return this.socket.writableLength
  }

  start(handler: TransportHandler): void {
    this.handler = handler
    const { socket } = this
    socket.on('data', (chunk: Buffer) => handler.bytes(chunk))
    socket.on('drain', () => this.drained())
    socket.on('end', () => socket.destroy())
    socket.once('close', () => handler.transportClosed(this.failure))
    // Whoever read what the stream is for has paused it.
    socket.resume()
  }

  send(pieces: readonly Uint8Array[]): void {
    const { socket } = this
    if (pieces.length > 1) socket.cork()
    for (const piece of pieces) socket.write(piece)
    if (pieces.length > 1) socket.uncork()
  }

  close(): void {
    const { socket } = this
    if (socket.destroyed) return
    socket.end()
    const linger = setTimeout(() => socket.destroy(), LINGER_MS)
    socket.once('close', () => clearTimeout(linger))
  }

  destroy(): void {
    this.socket.destroy()
  }

  private drained(): void {
    if (this.socket.writableLength === 0) this.handler?.drained()
  }
}
