import { assert } from '../std/assert.ts'
import { TARGET, TEXT, TOKEN, isAllOfClass } from './characters.ts'
import { formatFieldLines } from './field-lines.ts'
import type { RequestHead, ResponseHead } from './head-parser.ts'

/**
 * Writes a request head as latin1 text, empty line included. Anything that could break a line is a
 * defect of ours: what a peer sent was checked when it was read.
 */
export function formatRequestHead(head: Readonly<RequestHead>): string {
  const { method, target, minorVersion, fields } = head
  assert(method !== '' && isAllOfClass(method, TOKEN), 'a method is a token')
  assert(target !== '' && isAllOfClass(target, TARGET), 'a target has no blanks and no controls')
  return `${method} ${target} HTTP/1.${minorVersion}\r\n${formatFieldLines(fields)}\r\n`
}

/** Writes a response head as latin1 text, empty line included. An empty reason keeps its space. */
export function formatResponseHead(head: Readonly<ResponseHead>): string {
  const { status, reason, minorVersion, fields } = head
  assert(Number.isInteger(status) && status >= 100 && status <= 999, 'a status has three digits')
  assert(isAllOfClass(reason, TEXT), 'a reason has no control characters')
  return `HTTP/1.${minorVersion} ${status} ${reason}\r\n${formatFieldLines(fields)}\r\n`
}
