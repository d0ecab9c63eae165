import type { WebSocket } from 'ws'
import type { Transport, TransportHandler } from './transport.ts'

/** Largest message taken from a peer. A Go peer sends 256 KiB + 12 at most (wire.md, Tunnel). */
export const MESSAGE_BYTES_MAX = 1024 * 1024

/** RFC 6455 §7.4.1: a kind of data that this endpoint cannot accept. */
const CLOSE_UNSUPPORTED_DATA = 1003

/** A tunnel's transport over a WebSocket of the `ws` package. */
export class WsTransport implements Transport {
  /** `ws` masks into buffers of its own. */
  readonly overwrites = false
  private readonly socket: WebSocket
  private handler: TransportHandler | undefined
  private failure: Error | undefined
  private readonly sent = (): void => {
    if (this.socket.bufferedAmount === 0) this.handler?.drained()
  }

  /** `socket` is open. It delivers nothing before `start`. */
  constructor(socket: WebSocket) {
    this.socket = socket
    socket.pause()
    socket.on('error', (error) => {
      this.failure = error
    })
  }

  get bufferedBytes(): number {
    return this.socket.bufferedAmount
  }

  start(handler: TransportHandler): void {
    this.handler = handler
    this.socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) handler.bytes(data)
      else this.socket.close(CLOSE_UNSUPPORTED_DATA, 'binary messages only')
    })
    this.socket.once('close', () => handler.transportClosed(this.failure))
    this.socket.resume()
  }

  send(pieces: readonly Uint8Array[]): void {
    const last = pieces.length - 1
    for (let i = 0; i < last; i++) this.socket.send(pieces[i] as Uint8Array, { fin: false })
    this.socket.send(pieces[last] as Uint8Array, { fin: true }, this.sent)
  }

  close(): void {
    this.socket.close()
  }

  destroy(): void {
    this.socket.terminate()
  }
}
