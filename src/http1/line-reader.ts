import { CR, LF } from './characters.ts'
import type { DecodeLatin1 } from './head-reader.ts'
import { HeldBytes } from './held-bytes.ts'

export type LineProgress =
  | { readonly kind: 'more' }
  /** `text` comes without its CRLF; `end` is the index behind that in the chunk. */
  | { readonly kind: 'line'; readonly text: string; readonly end: number }
  | { readonly kind: 'too-long' }
  | { readonly kind: 'bare-line-feed' }

const MORE: LineProgress = { kind: 'more' }
const TOO_LONG: LineProgress = { kind: 'too-long' }
const BARE_LINE_FEED: LineProgress = { kind: 'bare-line-feed' }

/** Reads the short lines between the data of a chunked body, each as soon as its LF is there. */
export class LineReader {
  private readonly decodeLatin1: DecodeLatin1
  private readonly held = new HeldBytes()

  constructor(decodeLatin1: DecodeLatin1) {
    this.decodeLatin1 = decodeLatin1
  }

  /** Goes on at `start`; 'more' took the rest of the chunk. The line may have `bytesMax` + CRLF. */
  read(chunk: Uint8Array, start: number, bytesMax: number): LineProgress {
    const limit = start + bytesMax + 2 - this.held.length
    const lineFeed = findLineFeed(chunk, start, Math.min(chunk.length, limit))
    if (lineFeed === -1) {
      if (chunk.length >= limit) return TOO_LONG
      this.held.append(chunk, start, chunk.length)
      return MORE
    }
    const before = lineFeed > start ? chunk[lineFeed - 1] : this.held.buffer[this.held.length - 1]
    if (before !== CR) return BARE_LINE_FEED
    return { kind: 'line', text: this.take(chunk, start, lineFeed + 1), end: lineFeed + 1 }
  }

  private take(chunk: Uint8Array, start: number, end: number): string {
    if (this.held.length === 0) return this.decodeLatin1(chunk, start, end - 2)
    this.held.append(chunk, start, end)
    const text = this.decodeLatin1(this.held.buffer, 0, this.held.length - 2)
    this.held.clear()
    return text
  }
}

/** These lines have a handful of bytes; a native search would not stop at `to`. */
function findLineFeed(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to; at += 1) {
    if (bytes[at] === LF) return at
  }
  return -1
}
