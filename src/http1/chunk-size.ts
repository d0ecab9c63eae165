import { HttpViolation } from './violation.ts'

/** A chunk size line without its CRLF. Sizes have a few digits, extensions are unheard of. */
export const CHUNK_LINE_BYTES_MAX = 1_024

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
const QUOTED = '"(?:[\\t !#-\\[\\]-~\\x80-\\xff]|\\\\[\\t -~\\x80-\\xff])*"'

/** RFC 9112 §7.1.1, without its optional blanks, which recipients disagree about. */
const CHUNK_LINE = new RegExp(`^([0-9A-Fa-f]{1,16})(?:;${TOKEN}(?:=(?:${TOKEN}|${QUOTED}))?)*$`)

/**
 * Reads a chunk size line (RFC 9112 §7.1) into the size in bytes. Extensions are checked and
 * dropped; a size that a number cannot hold exactly is refused.
 */
export function parseChunkSize(line: string): number | HttpViolation {
  const match = CHUNK_LINE.exec(line)
  const size = match === null ? Number.NaN : Number.parseInt(match[1] as string, 16)
  return Number.isSafeInteger(size) ? size : new HttpViolation('bad-chunk')
}
