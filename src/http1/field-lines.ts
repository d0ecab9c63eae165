import { assert } from '../std/assert.ts'
import { COLON, CR, LF, TEXT, TOKEN } from './characters.ts'
import { isAllOfClass, isBlank, skipBlanks, skipClass, trimBlanks } from './characters.ts'
import type { Fields } from './fields.ts'
import { HttpViolation } from './violation.ts'

/** Fields in one head or trailer section: its byte limit alone would allow thousands. */
export const FIELDS_MAX = 1_000

/**
 * Reads field lines (RFC 9112 §5) from `from` to the end of the text, where the last CRLF may be
 * missing. One pass over the characters; a line is taken whole or the message is refused.
 *
 *     name ":" OWS value OWS CRLF
 *     └token┘      └text┘
 */
export function parseFieldLines(text: string, from: number): Fields | HttpViolation {
  const fields: Fields = []
  let at = from
  while (at < text.length) {
    if (fields.length === 2 * FIELDS_MAX) return new HttpViolation('too-many-fields')
    const nameEnd = skipClass(text, at, TOKEN)
    if (nameEnd === at || text.charCodeAt(nameEnd) !== COLON) return badName(text, at)
    const start = skipBlanks(text, nameEnd + 1)
    const lineEnd = skipClass(text, start, TEXT)
    if (!isLineEnd(text, lineEnd)) return badCharacter(text, lineEnd)
    fields.push(text.slice(at, nameEnd), text.slice(start, trimBlanks(text, start, lineEnd)))
    at = lineEnd + 2
  }
  return fields
}

/**
 * Writes fields as lines. A name or value that could break the line is a defect of ours, because
 * whatever a peer sent was checked when it was read.
 */
export function formatFieldLines(fields: Readonly<Fields>): string {
  let text = ''
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string
    const value = fields[i + 1] as string
    assert(name !== '' && isAllOfClass(name, TOKEN), 'a field name is a token')
    assert(isAllOfClass(value, TEXT), 'a field value has no control characters')
    text += `${name}: ${value}\r\n`
  }
  return text
}

/** Whether a line may end at `at`: a CRLF, or the end of the section. */
export function isLineEnd(text: string, at: number): boolean {
  if (at === text.length) return true
  return text.charCodeAt(at) === CR && text.charCodeAt(at + 1) === LF
}

/** What to call a character that no line may hold. */
export function badCharacter(text: string, at: number): HttpViolation {
  return new HttpViolation(text.charCodeAt(at) === LF ? 'bare-line-feed' : 'control-character')
}

function badName(text: string, lineStart: number): HttpViolation {
  return new HttpViolation(isBlank(text.charCodeAt(lineStart)) ? 'folded-line' : 'bad-field-name')
}
