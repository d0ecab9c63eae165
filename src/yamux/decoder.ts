import { assert } from '../std/assert.ts'
import { FrameType, HEADER_BYTES, readUint32 } from './frame.ts'

/** What `next` found: a header, a piece of a payload, or nothing until more bytes are pushed. */
export type DecodedPart = 'frame' | 'payload' | 'starved'

/**
 * Cuts a stream of bytes into yamux frames, whatever the chunks: a frame is never assembled and a
 * payload never copied. A header is three numbers, a payload comes as views, in as many pieces as
 * the chunks make of it.
 *
 *                  12 bytes
 *        ┌──────┐ ─────────▶ ┌───────┐ data with length > 0  ┌─────────┐
 *     ──▶│header│            │ frame │ ─────────────────────▶│ payload │──┐ until payloadLeft
 *        └──────┘ ◀───────── └───────┘                       └─────────┘◀─┘ is 0
 *            ▲      any other                                     │
 *            └────────────────────────────────────────────────────┘
 *
 * It judges nothing: a bad version or type is the session's matter.
 */
export class FrameDecoder {
  /** The last header: valid from `frame` until the next one. */
  lead = 0
  streamId = 0
  length = 0
  /** The last piece, valid after `payload`. */
  payload: Uint8Array = NOTHING
  /** Bytes of the current frame's payload that have not come yet. */
  payloadLeft = 0

  private chunk: Uint8Array = NOTHING
  private offset = 0
  /** A header that was cut by the end of a chunk; made when the first one is. */
  private partial: Uint8Array | undefined
  private partialLength = 0

  /** Gives the next bytes; everything before them has been taken by `next`. */
  push(bytes: Uint8Array): void {
    assert(this.offset === this.chunk.length, 'bytes are decoded to their end before the next come')
    this.chunk = bytes
    this.offset = 0
  }

  next(): DecodedPart {
    const available = this.chunk.length - this.offset
    if (available === 0) return this.starve()
    if (this.payloadLeft > 0) return this.takePayload(available)
    if (this.partialLength > 0 || available < HEADER_BYTES) return this.gatherHeader(available)
    this.takeHeader(this.chunk, this.offset)
    this.offset += HEADER_BYTES
    return 'frame'
  }

  private takePayload(available: number): DecodedPart {
    const count = Math.min(available, this.payloadLeft)
    this.payload = this.chunk.subarray(this.offset, this.offset + count)
    this.offset += count
    this.payloadLeft -= count
    return 'payload'
  }

  private takeHeader(bytes: Uint8Array, offset: number): void {
    this.lead = readUint32(bytes, offset)
    this.streamId = readUint32(bytes, offset + 4)
    this.length = readUint32(bytes, offset + 8)
    if (this.lead >>> 16 === FrameType.data) this.payloadLeft = this.length
  }

  private gatherHeader(available: number): DecodedPart {
    this.partial ??= new Uint8Array(HEADER_BYTES)
    const count = Math.min(available, HEADER_BYTES - this.partialLength)
    this.partial.set(this.chunk.subarray(this.offset, this.offset + count), this.partialLength)
    this.offset += count
    this.partialLength += count
    if (this.partialLength < HEADER_BYTES) return this.starve()
    this.partialLength = 0
    this.takeHeader(this.partial, 0)
    return 'frame'
  }

  /** Lets go of the chunk: an idle session must not keep a transport's buffer alive. */
  private starve(): DecodedPart {
    this.chunk = NOTHING
    this.offset = 0
    this.payload = NOTHING
    return 'starved'
  }
}

const NOTHING = new Uint8Array(0)
