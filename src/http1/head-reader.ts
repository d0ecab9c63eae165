import { assert } from '../std/assert.ts'
import { CR, LF } from './characters.ts'
import { HeldBytes } from './held-bytes.ts'
import { HttpViolation } from './violation.ts'

/** Bytes as text, one character each. The shell passes Buffer's native one. */
export type DecodeLatin1 = (bytes: Uint8Array, start: number, end: number) => string

export type HeadProgress =
  | { readonly kind: 'more' }
  /** `text` holds the lines with their CRLF, without the empty line; `rest` is what lies behind. */
  | { readonly kind: 'head'; readonly text: string; readonly rest: Uint8Array }
  | { readonly kind: 'violation'; readonly violation: HttpViolation }

const MORE: HeadProgress = { kind: 'more' }

/**
 * Finds the end of a message head across chunks. A head that lies whole in the first chunk, as
 * nearly all do, is decoded in place; only a head that is split gets copied together.
 *
 *              ┌──── more ◀──┐
 *     push ──▶ ┤             └─ no end yet, room left
 *              ├──▶ head        empty line found; reset() for the next one
 *              └──▶ violation   over the limit, or a line that ends without CR; final
 */
export class HeadReader {
  private readonly headBytesMax: number
  private readonly decodeLatin1: DecodeLatin1
  private readonly held = new HeldBytes()
  private ended = false

  /** `headBytesMax` counts everything up to and with the empty line. */
  constructor(headBytesMax: number, decodeLatin1: DecodeLatin1) {
    this.headBytesMax = headBytesMax
    this.decodeLatin1 = decodeLatin1
  }

  push(chunk: Uint8Array): HeadProgress {
    assert(!this.ended, 'a head reader is reset before the next head')
    const heldBefore = this.held.length
    if (heldBefore === 0) {
      const end = findHeadEnd(chunk, 0, Math.min(chunk.length, this.headBytesMax))
      if (end !== -1) return this.head(chunk, end, chunk.subarray(end))
    }
    this.held.append(chunk, 0, Math.min(chunk.length, this.headBytesMax - heldBefore))
    // The empty line may have begun in the last three bytes of the chunk before.
    const from = Math.max(0, heldBefore - 3)
    const end = findHeadEnd(this.held.buffer, from, this.held.length)
    if (end !== -1) return this.head(this.held.buffer, end, chunk.subarray(end - heldBefore))
    return this.unfinished(heldBefore)
  }

  /** Makes ready for another head: 1xx responses are followed by one. */
  reset(): void {
    this.held.clear()
    this.ended = false
  }

  private head(bytes: Uint8Array, end: number, rest: Uint8Array): HeadProgress {
    const text = this.decodeLatin1(bytes, 0, end - 2)
    this.ended = true
    this.held.clear()
    return { kind: 'head', text, rest }
  }

  /** A peer that ends lines with LF alone would never get an answer: say so while it listens. */
  private unfinished(heldBefore: number): HeadProgress {
    if (hasBareLineFeed(this.held.buffer, heldBefore, this.held.length)) {
      return this.refuse(new HttpViolation('bare-line-feed'))
    }
    if (this.held.length < this.headBytesMax) return MORE
    return this.refuse(new HttpViolation('head-too-large'))
  }

  private refuse(violation: HttpViolation): HeadProgress {
    this.ended = true
    this.held.clear()
    return { kind: 'violation', violation }
  }
}

/**
 * The index behind the first CR LF CR LF in [from, to), or -1. Looks at the byte where the four
 * could end, and goes on by as many bytes as that one rules out, as Boyer and Moore do:
 *
 *     another byte   no end touches it        on by 4
 *     LF             could be the second of four   by 2
 *     CR             could be the third            by 1
 */
function findHeadEnd(bytes: Uint8Array, from: number, to: number): number {
  let at = from + 3
  while (at < to) {
    const byte = bytes[at]
    if (byte === LF) {
      if (endsHead(bytes, at)) return at + 1
      at += 2
    } else {
      at += byte === CR ? 1 : 4
    }
  }
  return -1
}

function endsHead(bytes: Uint8Array, at: number): boolean {
  return bytes[at - 1] === CR && bytes[at - 2] === LF && bytes[at - 3] === CR
}

function hasBareLineFeed(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = bytes.indexOf(LF, from); at !== -1 && at < to; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at - 1] !== CR) return true
  }
  return false
}
