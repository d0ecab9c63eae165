import type { IncomingMessage } from 'node:http'
import { encodeChunk, encodeLastChunk } from '../../net/chunked-body.ts'
import type { Stream } from '../../yamux/session.ts'
import { forwardedTrailers } from './forwarded-head.ts'

/** Carries a request's body up the stream, as fast as the stream takes it. */
export class Upload {
  private readonly request: IncomingMessage
  private stream: Stream
  private readonly chunked: boolean
  private readonly progress: () => void
  /** Bytes of the body so far. */
  byteCount = 0
  /** Whether all of it is on the stream. */
  done = false

  /** `progress` is called whenever some of the body has come. */
  constructor(
    request: IncomingMessage,
    stream: Stream,
    { chunked, progress }: { chunked: boolean; progress: () => void },
  ) {
    this.request = request
    this.stream = stream
    this.chunked = chunked
    this.progress = progress
    request.on('data', this.onData)
    request.once('end', this.onEnd)
  }

  /** Goes on with another stream; nothing of the body has left on the first one. */
  redirect(stream: Stream): void {
    this.stream = stream
    this.request.resume()
  }

  /** The stream takes bytes again. */
  resume(): void {
    this.request.resume()
  }

  /** Nobody wants the rest: it is read and dropped, so that the connection can be used again. */
  discard(): void {
    this.request.off('data', this.onData)
    this.request.off('end', this.onEnd)
    this.request.resume()
  }

  private readonly onData = (chunk: Buffer): void => {
    this.byteCount += chunk.length
    this.progress()
    const writable = this.chunked ? this.writeChunk(chunk) : this.stream.write(chunk)
    if (!writable) this.request.pause()
  }

  private readonly onEnd = (): void => {
    this.done = true
    if (this.chunked)
      this.stream.write(encodeLastChunk(forwardedTrailers(this.request.rawTrailers)))
  }

  private writeChunk(chunk: Buffer): boolean {
    let writable = true
    for (const piece of encodeChunk(chunk)) writable = this.stream.write(piece)
    return writable
  }
}
