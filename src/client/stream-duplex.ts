import { Duplex } from 'node:stream'
import type { YamuxError } from '../yamux/errors.ts'
import type { Stream } from '../yamux/session.ts'
import { PikoError } from './piko-error.ts'

type WriteCallback = (error?: Error | null) => void

export interface StreamDuplexOptions {
  /** Whether this side stays open when the other one has ended. Default: false. */
  readonly allowHalfOpen?: boolean | undefined
}

/**
 * A stream of a tunnel as a Node stream, which clients and servers take in the place of a socket.
 *
 *     stream data ──▶ push          credit goes back when `read` or 'data' took the bytes
 *     stream end  ──▶ 'end'
 *     stream lost ──▶ 'error' (a PikoError), 'close'
 *     write       ──▶ stream.write  false: the callback waits for drain
 *     end         ──▶ stream.end    FIN, behind the last byte
 *     destroy     ──▶ stream.reset  unless both sides had ended
 *
 * What was received and not read is bounded by the stream's window.
 */
export class StreamDuplex extends Duplex {
  private readonly stream: Stream
  /** Received, and still to be paid for with credit. */
  private owedBytes = 0
  private written: WriteCallback | undefined
  private idleMs = 0
  private idleTimer: NodeJS.Timeout | undefined

  constructor(stream: Stream, { allowHalfOpen = false }: StreamDuplexOptions = {}) {
    super({ allowHalfOpen })
    this.stream = stream
    stream.attach({
      data: (bytes) => this.received(bytes),
      end: () => void this.push(null),
      drain: () => this.drained(),
      reset: (error) => void this.destroy(brokenOff(error)),
    })
  }

  override read(size?: number): unknown {
    const chunk: unknown = super.read(size)
    this.repay()
    return chunk
  }

  /** Bytes come by themselves, as far as credit goes. */
  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: WriteCallback): void {
    this.touch()
    if (this.stream.write(chunk)) callback()
    else this.written = callback
  }

  override _writev(chunks: readonly { chunk: Buffer }[], callback: WriteCallback): void {
    this.touch()
    let hasRoom = true
    for (const { chunk } of chunks) hasRoom = this.stream.write(chunk)
    if (hasRoom) callback()
    else this.written = callback
  }

  override _final(callback: WriteCallback): void {
    this.stream.end()
    callback()
  }

  override _destroy(error: Error | null, callback: WriteCallback): void {
    clearTimeout(this.idleTimer)
    // Ended both ways, what is still queued goes out by itself.
    if (error !== null || !this.writableFinished || !this.readableEnded) this.stream.reset()
    callback(error)
  }

  // What code that is written for sockets calls.

  /** Emits 'timeout' when nothing has come or gone for so long; 0 turns it off. */
  setTimeout(timeoutMs: number, callback?: () => void): this {
    this.idleMs = timeoutMs
    clearTimeout(this.idleTimer)
    this.idleTimer =
      timeoutMs > 0 ? setTimeout(() => this.emit('timeout'), timeoutMs).unref() : undefined
    if (callback !== undefined && timeoutMs > 0) this.once('timeout', callback)
    return this
  }

  /** Nothing is ever delayed; the tunnel below has keep-alives of its own. */
  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }

  /** The tunnel below keeps the process alive, whatever is said of one of its streams. */
  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  private received(bytes: Uint8Array): void {
    this.touch()
    this.owedBytes += bytes.length
    this.push(bytes)
    this.repay()
  }

  /** What has been received and lies no longer in the buffer was taken by the reader. */
  private repay(): void {
    const takenBytes = this.owedBytes - this.readableLength
    if (takenBytes <= 0) return
    this.owedBytes -= takenBytes
    this.stream.consumed(takenBytes)
  }

  private drained(): void {
    const { written } = this
    this.written = undefined
    this.touch()
    written?.()
  }

  private touch(): void {
    if (this.idleMs > 0) this.idleTimer?.refresh()
  }
}

function brokenOff(cause: YamuxError): PikoError {
  const isLost = cause.code === 'session-lost'
  return new PikoError(isLost ? 'connection-lost' : 'reset', undefined, { cause })
}
