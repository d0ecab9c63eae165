import { YamuxError } from '../yamux/errors.ts'
import type { Stream, StreamHandler } from '../yamux/stream.ts'
import type { MessageTransport } from './message-transport.ts'
import { HEADROOM_BYTES } from './transport.ts'
import type { TransportHandler } from './transport.ts'
import { CloseCode, WebSocketError } from './websocket-error.ts'

/** The field by which a dialler offers half-close, and by which the server grants it. */
export const HALF_CLOSE_FIELD = 'x-piko-half-close'

/** The code of a Close that stands for RST: one for private use (RFC 6455 §7.4.2). */
export const RESET_CODE = 4001

/** The peer is held up while this much was received and not consumed. */
const HELD_BYTES_MAX = 256 * 1024

/** With this much unsent, whoever writes is asked to wait. */
const BACKLOG_BYTES_MAX = 128 * 1024

/** Payloads from here on follow their header by reference: a copy costs more than an iovec. */
const BY_REFERENCE_BYTES = 16 * 1024

/** Larger writes are cut: every end takes messages of this size. */
const MESSAGE_BYTES = 256 * 1024

/** What may still come for a peer that has closed, before its sender is stopped. */
const DISCARDED_BYTES_MAX = 256 * 1024

/**
 * One TCP connection over a WebSocket, as a stream: its binary messages are the bytes. With half-
 * close, which both ends have to know, an empty message is the FIN of its direction:
 *
 *     open ── end(): empty message ──▶ localEnded ──┐ peer's empty message
 *      └───── peer's empty message ──▶ peerEnded ───┴ end(): empty message ──▶ Close 1000: closed
 *
 * Without it the end of one direction is a Close, and the end of both. Any other Close, and a
 * connection that breaks off, is a reset; `reset` says so with RESET_CODE.
 */
export class WebSocketStream implements Stream, TransportHandler {
  readonly id = 0
  private readonly transport: MessageTransport
  private readonly halfCloses: boolean
  private handler: StreamHandler | undefined
  private received = 0
  private heldBytes = 0
  private isHeldUp = false
  private discardedBytes = 0
  private sent = 0
  private localEnded = false
  private remoteEnded = false
  /** `gone`: nothing can be sent any more, though perhaps nobody here has noticed. */
  private state: 'open' | 'gone' | 'reset' = 'open'
  /** The last `write` returned false. */
  private owesDrain = false

  /** Delivers from the first `attach` on. */
  constructor(transport: MessageTransport, { halfCloses }: { readonly halfCloses: boolean }) {
    this.transport = transport
    this.halfCloses = halfCloses
  }

  get isClosed(): boolean {
    return this.state === 'reset' || (this.localEnded && this.remoteEnded)
  }

  get peerEnded(): boolean {
    return this.remoteEnded
  }

  get receivedBytes(): number {
    return this.received
  }

  /** Bytes that were written. */
  get sentBytes(): number {
    return this.sent
  }

  get queuedBytes(): number {
    return this.transport.bufferedBytes
  }

  attach(handler: StreamHandler): void {
    const isFirst = this.handler === undefined
    this.handler = handler
    if (isFirst) this.transport.start(this)
  }

  flushOpen(): void {
    // The handshake has done that.
  }

  write(bytes: Uint8Array): boolean {
    if (this.isClosed || this.localEnded || bytes.length === 0) return true
    if (this.state === 'gone') return this.discard(bytes.length)
    this.sent += bytes.length
    for (let from = 0; from < bytes.length; from += MESSAGE_BYTES) {
      this.send(bytes.subarray(from, from + MESSAGE_BYTES))
    }
    this.owesDrain = this.transport.bufferedBytes > BACKLOG_BYTES_MAX
    return !this.owesDrain
  }

  writeLent(bytes: Uint8Array): boolean {
    return this.write(new Uint8Array(bytes))
  }

  end(): void {
    if (this.isClosed || this.localEnded) return
    this.localEnded = true
    if (this.state === 'gone') return
    if (this.halfCloses) this.transport.send([emptyPiece(0)], 0)
    if (this.remoteEnded || !this.halfCloses) this.transport.close()
  }

  reset(): void {
    if (this.isClosed) return
    this.state = 'reset'
    this.transport.close(RESET_CODE)
  }

  /** A WebSocket has no word for the difference. */
  decline(): void {
    this.reset()
  }

  consumed(byteCount: number): void {
    this.heldBytes -= byteCount
    if (!this.isHeldUp || this.heldBytes > HELD_BYTES_MAX / 2) return
    this.isHeldUp = false
    this.transport.resume()
  }

  // What the transport brings.

  bytes(chunk: Uint8Array): void {
    if (this.isClosed) return
    if (this.remoteEnded) return this.violated()
    this.received += chunk.length
    this.heldBytes += chunk.length
    this.handler?.data(chunk)
    if (this.heldBytes < HELD_BYTES_MAX || this.isHeldUp || this.isClosed) return
    this.isHeldUp = true
    this.transport.pause()
  }

  emptyMessage(): void {
    if (!this.halfCloses || this.isClosed) return
    if (this.remoteEnded) return this.violated()
    this.peerFinished()
    if (this.localEnded) this.transport.close()
  }

  drained(): void {
    if (!this.owesDrain) return
    this.owesDrain = false
    if (!this.isClosed) this.handler?.drain()
  }

  transportClosed(cause: Error | undefined): void {
    if (this.isClosed) return
    this.state = 'gone'
    if (!this.isEnd(cause)) return this.lose(cause ?? new Error('closed before its end'))
    if (!this.remoteEnded) this.peerFinished()
    // Whoever waits for room would wait for ever.
    this.drained()
  }

  /**
   * Half-closing ends close when both have ended, and not before. The deployed Piko's ends do not
   * even say Close: they end their connection, and mean just that.
   */
  private isEnd(cause: Error | undefined): boolean {
    if (this.halfCloses) return false
    return cause === undefined || (cause instanceof WebSocketError && cause.code === 'no-close')
  }

  private peerFinished(): void {
    this.remoteEnded = true
    this.handler?.end()
  }

  /** As the kernel does with a closed socket: what comes for it is dropped, then refused. */
  private discard(byteCount: number): true {
    this.discardedBytes += byteCount
    if (this.discardedBytes > DISCARDED_BYTES_MAX) this.lose(new Error('the peer reads no more'))
    return true
  }

  private violated(): void {
    this.transport.close(CloseCode.protocolError)
    this.lose(new Error('the peer went on behind its end'))
  }

  private lose(cause: Error): void {
    this.state = 'reset'
    this.handler?.reset(new YamuxError('reset', undefined, { cause }))
  }

  private send(bytes: Uint8Array): void {
    const { transport } = this
    if (bytes.length >= BY_REFERENCE_BYTES && !transport.overwrites) {
      transport.send([emptyPiece(0), bytes], bytes.length)
    } else {
      const piece = emptyPiece(bytes.length)
      piece.set(bytes)
      transport.send([piece], bytes.length)
    }
  }
}

/** Room for so many bytes, with the headroom in front that a transport asks for. */
function emptyPiece(byteCount: number): Uint8Array {
  return Buffer.allocUnsafe(HEADROOM_BYTES + byteCount).subarray(HEADROOM_BYTES)
}
