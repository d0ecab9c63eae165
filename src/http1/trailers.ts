import { parseFieldLines } from './field-lines.ts'
import { type Fields, fieldCount } from './fields.ts'
import { HttpViolation } from './violation.ts'

/** What a recipient needs before the body: a trailer of these is a mistake or an attack. */
const HEAD_ONLY = ['content-length', 'transfer-encoding', 'host', 'trailer']

/**
 * Reads the lines of a trailer section (RFC 9112 §7.1.2). Fields that decide framing or routing
 * are refused: a recipient that merges trailers into the head would decide anew (RFC 9110 §6.5.1).
 */
export function parseTrailers(text: string): Fields | HttpViolation {
  const trailers = parseFieldLines(text, 0)
  if (trailers instanceof HttpViolation) return trailers
  const refused = HEAD_ONLY.some((name) => fieldCount(trailers, name) > 0)
  return refused ? new HttpViolation('bad-trailer') : trailers
}
