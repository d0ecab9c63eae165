import type { WebSocket } from 'ws'
import type { MessageTransport } from './message-transport.ts'
import type { TransportHandler } from './transport.ts'
import { CloseCode, closeError } from './websocket-error.ts'

/** A tunnel's transport over a WebSocket of the `ws` package. */
export class WsTransport implements MessageTransport {
  /** A client's `ws` masks, and nothing says that it does so in a copy. */
  readonly overwrites = true
  private readonly socket: WebSocket
  private handler: TransportHandler | undefined
  private failure: Error | undefined
  /** The end was asked for here: whatever the peer makes of it is no error. */
  private asked = false
  private ended = false
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
    socket.once('close', (closeCode, reason) => {
      if (!this.asked) this.failure ??= closeError(closeCode, reason.toString())
      this.ended = true
      this.report()
    })
  }

  get bufferedBytes(): number {
    return this.socket.bufferedAmount
  }

  start(handler: TransportHandler): void {
    this.handler = handler
    this.socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) this.deliver(data)
      else this.socket.close(CloseCode.unsupportedData, 'binary messages only')
    })
    this.socket.resume()
    // A socket that was lost between the handshake and now has had its say.
    if (this.ended) process.nextTick(() => this.report())
  }

  send(pieces: readonly Uint8Array[]): void {
    const last = pieces.length - 1
    for (let i = 0; i < last; i++) this.socket.send(pieces[i] as Uint8Array, { fin: false })
    this.socket.send(pieces[last] as Uint8Array, { fin: true }, this.sent)
  }

  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  close(closeCode?: number): void {
    this.asked = true
    this.socket.close(closeCode)
    // The peer's Close has to be read.
    this.socket.resume()
  }

  destroy(): void {
    this.asked = true
    this.socket.terminate()
  }

  /** Closed from here, nothing is delivered any more. */
  private deliver(data: Buffer): void {
    if (this.asked) return
    if (data.length > 0) this.handler?.bytes(data)
    else this.handler?.emptyMessage?.()
  }

  private report(): void {
    const { handler } = this
    this.handler = undefined
    handler?.transportClosed(this.failure)
  }
}
