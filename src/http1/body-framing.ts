import { type Fields, isField } from './fields.ts'
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
  let lengths = 0
  let length = ''
  let codings = 0
  let coding = ''
  const { fields } = head
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string
    if (name.length === 14 && isField(name, 'content-length')) {
      lengths += 1
      length = fields[i + 1] as string
    } else if (name.length === 17 && isField(name, 'transfer-encoding')) {
      codings += 1
      coding = fields[i + 1] as string
    }
  }
  if (lengths > 0 && codings > 0) return new HttpViolation('two-framings')
  if (lengths > 1) return new HttpViolation('bad-content-length')
  if (lengths > 0) return parseContentLength(length)
  if (codings > 1) return new HttpViolation('bad-transfer-encoding')
  return codings > 0 ? parseTransferEncoding(coding, head.minorVersion) : undefined
}

/** Digits only: no sign, no list, nothing empty, and exact as a number. */
function parseContentLength(value: string): BodyFraming | HttpViolation {
  const bytes = /^[0-9]+$/.test(value) ? Number(value) : Number.NaN
  return Number.isSafeInteger(bytes)
    ? { kind: 'length', bytes }
    : new HttpViolation('bad-content-length')
}

/** HTTP/1.0 has no transfer codings; one there makes the framing faulty (RFC 9112 §6.1). */
function parseTransferEncoding(value: string, minorVersion: 0 | 1): BodyFraming | HttpViolation {
  return minorVersion === 1 && value.toLowerCase() === 'chunked'
    ? CHUNKED
    : new HttpViolation('bad-transfer-encoding')
}
