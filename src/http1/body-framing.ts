import { type Fields, fieldValues } from './fields.ts'
import type { RequestHead, ResponseHead } from './head-parser.ts'
import { HttpViolation } from './violation.ts'

/** How the end of a body is told (RFC 9112 §6.3). */
export type BodyFraming =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  /** Responses only: the body ends with the connection, so a truncated one cannot be told. */
  | { readonly kind: 'until-close' }

const NONE: BodyFraming = { kind: 'none' }
const CHUNKED: BodyFraming = { kind: 'chunked' }
const UNTIL_CLOSE: BodyFraming = { kind: 'until-close' }

/**
 * The framing of a request's body. Without Content-Length and Transfer-Encoding there is none.
 * CONNECT has no body, and one that announces it is refused (RFC 9110 §9.3.6).
 */
export function requestBodyFraming(head: RequestHead): BodyFraming | HttpViolation {
  const framing = announcedFraming(head)
  if (framing === undefined) return NONE
  if (framing instanceof HttpViolation) return framing
  return head.method === 'CONNECT' ? new HttpViolation('connect-body') : framing
}

/**
 * The framing of a response's body. `requestMethod` is needed because an answer to HEAD has the
 * fields of a body without one, and an answer to CONNECT begins a tunnel.
 *
 * Malformed fields are refused even where no body can follow: they would travel on with the head.
 */
export function responseBodyFraming(
  head: ResponseHead,
  requestMethod: string,
): BodyFraming | HttpViolation {
  const framing = announcedFraming(head) ?? UNTIL_CLOSE
  if (framing instanceof HttpViolation) return framing
  return hasNoBody(head.status, requestMethod) ? NONE : framing
}

/** RFC 9112 §6.3, rules 1 and 2. */
function hasNoBody(status: number, requestMethod: string): boolean {
  if (status < 200 || status === 204 || status === 304) return true
  return requestMethod === 'HEAD' || (requestMethod === 'CONNECT' && status < 300)
}

/**
 * What the fields say. Any repetition is refused: RFC 9110 §8.6 lets equal lengths be merged, but
 * they would travel on as two fields, and only a broken or hostile sender makes them.
 */
function announcedFraming(head: {
  readonly minorVersion: 0 | 1
  readonly fields: Fields
}): BodyFraming | HttpViolation | undefined {
  const lengths = fieldValues(head.fields, 'content-length')
  const codings = fieldValues(head.fields, 'transfer-encoding')
  if (lengths.length > 0 && codings.length > 0) return new HttpViolation('two-framings')
  if (lengths.length > 0) return parseContentLength(lengths)
  return codings.length > 0 ? parseTransferEncoding(codings, head.minorVersion) : undefined
}

/** Digits only: no sign, no list, nothing empty, and exact as a number. */
function parseContentLength([value = '', ...more]: string[]): BodyFraming | HttpViolation {
  const bytes = more.length === 0 && /^[0-9]+$/.test(value) ? Number(value) : Number.NaN
  return Number.isSafeInteger(bytes)
    ? { kind: 'length', bytes }
    : new HttpViolation('bad-content-length')
}

/** HTTP/1.0 has no transfer codings; one there makes the framing faulty (RFC 9112 §6.1). */
function parseTransferEncoding(
  [value = '', ...more]: string[],
  minorVersion: 0 | 1,
): BodyFraming | HttpViolation {
  return minorVersion === 1 && more.length === 0 && value.toLowerCase() === 'chunked'
    ? CHUNKED
    : new HttpViolation('bad-transfer-encoding')
}
