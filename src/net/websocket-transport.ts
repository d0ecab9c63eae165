import type { Socket } from 'node:net'
import type { MessageTransport } from './message-transport.ts'
import type { TransportHandler } from './transport.ts'
import { closePayload } from './websocket-close.ts'
import { WebSocketDecoder } from './websocket-decoder.ts'
import type { WebSocketSink } from './websocket-decoder.ts'
import { CloseCode, closeError } from './websocket-error.ts'
import type { WebSocketError } from './websocket-error.ts'
import { controlFrame, frameMessage, Opcode } from './websocket-frame.ts'
import type { WebSocketRole } from './websocket-frame.ts'
import { MaskKeys } from './websocket-mask.ts'

/** Largest message taken from a peer. A Go peer sends 256 KiB + 12 at most (wire.md, Tunnel). */
export const MESSAGE_BYTES_MAX = 1024 * 1024

/** Pings that wait for an answer; of more, the oldest are passed over (RFC 6455 §5.5.3). */
const PONGS_MAX = 16

/** How long a closing connection may make no progress before it is dropped. */
export const LINGER_MS = 2_000

/**
 * A tunnel's transport over a WebSocket, on the socket itself: after the handshake nothing lies
 * between the mux and the operating system but headers and masks.
 *
 *              close(): Close sent              peer's Close or FIN
 *     ┌──────┐ ───────────────────▶ ┌─────────┐ ───────────────────▶ ┌────────┐  socket
 *     │ open │                      │ closing │                      │ ending │ ────────▶ closed
 *     └──────┘ ───────────────────────────────────────────────────▶  └────────┘ closed
 *        │        peer's Close (answered), violation (told), FIN
 *        └── destroy(), RST, a closing peer that lingers: closed at once
 *
 * In ending our FIN is under way and nothing is delivered any more, so the handler is told on
 * entry: what still happens to the socket concerns nobody.
 */
export class WebSocketTransport implements MessageTransport, WebSocketSink {
  readonly overwrites: boolean
  private readonly socket: Socket
  private readonly decoder: WebSocketDecoder
  private readonly masks: MaskKeys | undefined
  /** Until it has been told of the end. */
  private handler: TransportHandler | undefined
  private state: 'open' | 'closing' | 'ending' = 'open'
  private failure: Error | undefined
  /** The socket holds bytes that the operating system did not take at once. */
  private backlogged = false
  private readonly pongs: Uint8Array[] = []
  private lingering: NodeJS.Timeout | undefined
  private lingeringBytes = 0

  /** `head` came behind the handshake. The socket delivers nothing before `start`. */
  constructor(
    socket: Socket,
    head: Uint8Array,
    role: WebSocketRole,
    messageBytesMax: number = MESSAGE_BYTES_MAX,
  ) {
    this.socket = socket
    this.overwrites = role === 'client'
    this.masks = role === 'client' ? new MaskKeys() : undefined
    this.decoder = new WebSocketDecoder(role, messageBytesMax, this)
    socket.setTimeout(0)
    socket.setNoDelay(true)
    if (head.length > 0) socket.unshift(head)
    socket.on('error', this.onError)
    socket.once('close', this.onClose)
  }

  get bufferedBytes(): number {
    return this.socket.writableLength
  }

  start(handler: TransportHandler): void {
    this.handler = handler
    this.socket.on('data', this.onData)
    this.socket.once('end', this.onEnd)
    // A socket that was lost between the handshake and now has had its say.
    if (this.socket.closed) process.nextTick(this.onClose)
  }

  send(pieces: readonly Uint8Array[], byteLength: number): void {
    if (this.state !== 'open') return
    this.flushPongs()
    this.write(frameMessage(pieces, byteLength, this.masks?.next()))
  }

  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  close(closeCode: number = CloseCode.normal): void {
    if (this.state !== 'open') return
    this.state = 'closing'
    this.writeClose(closeCode)
    this.linger()
    // The peer's Close has to be read.
    this.socket.resume()
  }

  destroy(): void {
    this.socket.destroy()
  }

  // What the decoder finds.

  payload(bytes: Uint8Array): void {
    if (this.state === 'open') this.handler?.bytes(bytes)
  }

  emptyMessage(): void {
    if (this.state === 'open') this.handler?.emptyMessage?.()
  }

  ping(payload: Uint8Array): void {
    if (this.pongs.push(payload) > PONGS_MAX) this.pongs.shift()
    if (this.state === 'open') this.handler?.pinged?.()
  }

  closed(closeCode: number, reason: string): void {
    if (this.state === 'open') this.writeClose(closeCode)
    this.end(closeError(closeCode, reason))
  }

  violated(error: WebSocketError): void {
    if (this.state === 'open') this.writeClose(error.closeCode)
    this.end(error)
  }

  // What the socket does.

  private readonly onData = (chunk: Buffer): void => {
    this.decoder.push(chunk)
    // With a backlog the answers wait: they leave with the next message, or when it is gone.
    if (this.pongs.length > 0 && this.socket.writableLength === 0) this.flushPongs()
  }

  /** FIN. Without a Close before it, the peer or something between has died. */
  private readonly onEnd = (): void => {
    this.end(this.state === 'open' ? closeError(CloseCode.abnormal, '') : undefined)
  }

  private readonly onWritten = (error?: Error | null): void => {
    if (!this.backlogged || error || this.socket.writableLength > 0) return
    this.backlogged = false
    if (this.pongs.length > 0) this.flushPongs()
    this.handler?.drained()
  }

  private readonly onError = (error: Error): void => {
    this.failure = error
  }

  private readonly onClose = (): void => {
    clearTimeout(this.lingering)
    this.state = 'ending'
    this.decoder.stop()
    this.report(this.failure)
  }

  /** All that is left is to get rid of the socket, which may take a while. */
  private end(cause: Error | undefined): void {
    if (this.state === 'ending') return
    this.state = 'ending'
    this.decoder.stop()
    this.socket.end()
    this.linger()
    this.report(cause)
  }

  private report(cause: Error | undefined): void {
    const { handler } = this
    this.handler = undefined
    handler?.transportClosed(cause)
  }

  /** Drops the socket when the peer neither reads nor closes. */
  private linger(): void {
    clearTimeout(this.lingering)
    this.lingeringBytes = this.socket.writableLength
    this.lingering = setTimeout(() => {
      if (this.socket.writableLength < this.lingeringBytes) this.linger()
      else this.socket.destroy()
    }, LINGER_MS)
  }

  private flushPongs(): void {
    if (this.pongs.length === 0) return
    const pongs = this.pongs.splice(0)
    if (this.state !== 'open') return
    this.write(pongs.map((payload) => controlFrame(Opcode.pong, payload, this.masks?.next())))
  }

  private writeClose(closeCode: number): void {
    const payload = closePayload(closeCode)
    this.write([controlFrame(Opcode.close, payload, this.masks?.next())])
  }

  /** Hands the pieces to the operating system in one call. */
  private write(pieces: readonly Uint8Array[]): void {
    const { socket } = this
    const last = pieces.length - 1
    if (last > 0) socket.cork()
    for (let i = 0; i < last; i++) socket.write(pieces[i] as Uint8Array)
    socket.write(pieces[last] as Uint8Array, this.onWritten)
    if (last > 0) socket.uncork()
    if (socket.writableLength > 0) this.backlogged = true
  }
}
