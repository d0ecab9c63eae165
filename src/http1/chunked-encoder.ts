import { assert } from '../std/assert.ts'
import { formatFieldLines } from './field-lines.ts'
import type { Fields } from './fields.ts'

/**
 * Chunked framing around bytes that are never copied (RFC 9112 §7.1):
 *
 *     chunkLead(31)  31 bytes  CHUNK_TAIL   …   lastChunk([])
 *     1f CR LF       data      CR LF            0 CR LF CR LF
 */
export const CHUNK_TAIL = '\r\n'

/** The size line before a chunk's data. A chunk of no bytes would end the body. */
export function chunkLead(byteLength: number): string {
  assert(Number.isSafeInteger(byteLength) && byteLength > 0, 'a chunk has bytes')
  return `${byteLength.toString(16)}\r\n`
}

/** The end of the body, with its trailers. */
export function lastChunk(trailers: Readonly<Fields>): string {
  return `0\r\n${formatFieldLines(trailers)}\r\n`
}
