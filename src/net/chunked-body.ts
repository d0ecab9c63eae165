import { CHUNK_TAIL, chunkLead, lastChunk } from '../http1/chunked-encoder.ts'
import type { Fields } from '../http1/fields.ts'
import { encodeLatin1 } from './latin1.ts'

/** Chunks up to this are copied into one piece with their framing: one write instead of three. */
const JOIN_BYTES_MAX = 16 * 1024

const TAIL = encodeLatin1(CHUNK_TAIL)

/** A piece of a body as a chunk (RFC 9112 §7.1), in pieces to be sent in order. */
export function encodeChunk(bytes: Uint8Array): Uint8Array[] {
  const pieces = [encodeLatin1(chunkLead(bytes.length)), bytes, TAIL]
  return bytes.length <= JOIN_BYTES_MAX ? [Buffer.concat(pieces)] : pieces
}

/** What ends a chunked body. */
export function encodeLastChunk(trailers: Fields): Buffer {
  return encodeLatin1(lastChunk(trailers))
}
