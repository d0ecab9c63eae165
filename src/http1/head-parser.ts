import { SP, TARGET, TEXT, TOKEN, skipClass } from './characters.ts'
import { badCharacter, isLineEnd, parseFieldLines } from './field-lines.ts'
import { type Fields, fieldCount } from './fields.ts'
import { HttpViolation } from './violation.ts'

export interface RequestHead {
  method: string
  /** As received: origin-form, absolute-form, authority-form (CONNECT) or `*` (OPTIONS). */
  target: string
  minorVersion: 0 | 1
  fields: Fields
}

export interface ResponseHead {
  /** 100 to 999. */
  status: number
  /** Often empty; means nothing. */
  reason: string
  minorVersion: 0 | 1
  fields: Fields
}

const VERSION = 'HTTP/1.'
const VERSION_LENGTH = 'HTTP/1.1'.length

/**
 * Reads a request head (RFC 9112 §3, §5) from latin1 text as the HeadReader hands it out. Strict
 * where a recipient is allowed to be, since what two parsers read differently can be smuggled.
 */
export function parseRequestHead(text: string): RequestHead | HttpViolation {
  const methodEnd = skipClass(text, 0, TOKEN)
  const targetStart = methodEnd + 1
  const targetEnd = skipClass(text, targetStart, TARGET)
  const spaced = text.charCodeAt(methodEnd) === SP && text.charCodeAt(targetEnd) === SP
  if (!spaced || methodEnd === 0 || targetEnd === targetStart) {
    return new HttpViolation('bad-request-line')
  }
  const lineEnd = targetEnd + 1 + VERSION_LENGTH
  const minorVersion = parseMinorVersion(text, targetEnd + 1)
  if (minorVersion === undefined) return new HttpViolation('bad-version')
  if (!isLineEnd(text, lineEnd)) return new HttpViolation('bad-request-line')

  const method = text.slice(0, methodEnd)
  const target = text.slice(targetStart, targetEnd)
  if (!isTargetForm(method, target)) return new HttpViolation('bad-request-line')
  const fields = parseFieldLines(text, lineEnd + 2)
  if (fields instanceof HttpViolation) return fields
  if (!hasProperHost(fields, minorVersion)) return new HttpViolation('bad-host')
  return { method, target, minorVersion, fields }
}

/**
 * Reads a response head (RFC 9112 §4, §5). A missing reason is accepted with and without its
 * space: the grammar wants the space, real servers forget it, and nothing can be read into it.
 */
export function parseResponseHead(text: string): ResponseHead | HttpViolation {
  const minorVersion = parseMinorVersion(text, 0)
  if (minorVersion === undefined) return new HttpViolation('bad-version')
  const status = parseStatus(text, VERSION_LENGTH + 1)
  if (text.charCodeAt(VERSION_LENGTH) !== SP || status === undefined) {
    return new HttpViolation('bad-status-line')
  }
  const statusEnd = VERSION_LENGTH + 4
  if (text.charCodeAt(statusEnd) !== SP && !isLineEnd(text, statusEnd)) {
    return new HttpViolation('bad-status-line')
  }
  const lineEnd = skipClass(text, statusEnd, TEXT)
  if (!isLineEnd(text, lineEnd)) return badCharacter(text, lineEnd)
  const fields = parseFieldLines(text, lineEnd + 2)
  if (fields instanceof HttpViolation) return fields
  return { status, reason: text.slice(statusEnd + 1, lineEnd), minorVersion, fields }
}

/** The version's last digit; case-sensitive, and 1.2 does not exist (RFC 9112 §2.3). */
function parseMinorVersion(text: string, at: number): 0 | 1 | undefined {
  if (!text.startsWith(VERSION, at)) return undefined
  const digit = text.charAt(at + VERSION.length)
  if (digit === '1') return 1
  return digit === '0' ? 0 : undefined
}

function parseStatus(text: string, at: number): number | undefined {
  const digits = text.slice(at, at + 3)
  return /^[1-9][0-9][0-9]$/.test(digits) ? Number(digits) : undefined
}

/** The four forms of RFC 9112 §3.2, each only with the methods that it is for. */
function isTargetForm(method: string, target: string): boolean {
  if (method === 'CONNECT') return /^[^/?#@]+:\d+$/.test(target)
  if (target.startsWith('/')) return true
  if (target === '*') return method === 'OPTIONS'
  return /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/]/.test(target)
}

/** RFC 9112 §3.2: never two; HTTP/1.0 may have none. What it may hold is for the router to say. */
function hasProperHost(fields: Fields, minorVersion: 0 | 1): boolean {
  const count = fieldCount(fields, 'host')
  return count === 1 || (count === 0 && minorVersion === 0)
}
