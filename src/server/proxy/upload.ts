import type { IncomingMessage } from 'node:http'
import { encodeChunk, encodeLastChunk } from '../../net/chunked-body.ts'
import { assert } from '../../std/assert.ts'
import type { Stream } from '../../yamux/session.ts'
import { forwardedTrailers } from './forwarded-head.ts'

/** As much of a body is kept to be sent again, should the first upstream turn it down. */
const KEPT_BYTES_MAX = 64 * 1024

/**
 * Carries a request's body up the stream, as fast as the stream takes it. Until the answer begins,
 * the start of the body is kept, so that a request which nobody acted on can go elsewhere.
 */
export class Upload {
  private readonly request: IncomingMessage
  private stream: Stream
  private readonly chunked: boolean
  private readonly progress: () => void
  /** Bytes of the body so far. */
  byteCount = 0
  /** Whether all of it is on the stream. */
  done = false
  /** All that was written so far; undefined when that became too much, or is settled. */
  private kept: Uint8Array[] | undefined = []
  private keptBytes = 0

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

  /** Whether another stream can still get all of the body. */
  get canRedirect(): boolean {
    return this.kept !== undefined
  }

  /** Goes on with another stream, from the body's first byte. */
  redirect(stream: Stream): void {
    assert(this.kept !== undefined, 'what was written is still here')
    this.stream = stream
    let writable = true
    for (const piece of this.kept) writable = stream.write(piece)
    if (writable) this.request.resume()
  }

  /** The stream is lost: nothing more is read until there is another. */
  pause(): void {
    this.request.pause()
  }

  /** The answer has begun: this upstream has the request, for good or ill. */
  settle(): void {
    this.kept = undefined
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
    let writable = true
    for (const piece of this.chunked ? encodeChunk(chunk) : [chunk]) writable = this.write(piece)
    if (!writable) this.request.pause()
  }

  private readonly onEnd = (): void => {
    this.done = true
    if (this.chunked) this.write(encodeLastChunk(forwardedTrailers(this.request.rawTrailers)))
  }

  private write(piece: Uint8Array): boolean {
    this.keptBytes += piece.length
    if (this.keptBytes > KEPT_BYTES_MAX) this.kept = undefined
    this.kept?.push(piece)
    return this.stream.write(piece)
  }
}
