import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FIELDS_MAX } from './field-lines.ts'
import { parseRequestHead, parseResponseHead } from './head-parser.ts'
import { formatRequestHead, formatResponseHead } from './head-writer.ts'
import { HttpViolation } from './violation.ts'

const latin1 = (codes: number[]) => fc.constantFrom(...codes.map((c) => String.fromCharCode(c)))
const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i)
const tokenArb = fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,12}$/)
const textArb = fc
  .string({ unit: latin1([9, ...range(0x20, 0x7e), ...range(0x80, 0xff)]), maxLength: 20 })
  .map((text) => text.replace(/^[ \t]+|[ \t]+$/g, ''))
const fieldsArb = fc
  .array(fc.tuple(tokenArb, textArb), { maxLength: 8 })
  .map((pairs) => pairs.filter(([name]) => name.toLowerCase() !== 'host').flat())
const minorVersionArb = fc.constantFrom(0 as const, 1 as const)

const requestArb = fc.record({
  method: tokenArb.filter((method) => method !== 'CONNECT'),
  target: fc
    .string({ unit: latin1([...range(0x21, 0x7e), ...range(0x80, 0xff)]), maxLength: 20 })
    .map((path) => `/${path}`),
  minorVersion: minorVersionArb,
  fields: fieldsArb.map((fields) => ['Host', 'a', ...fields]),
})

const responseArb = fc.record({
  status: fc.integer({ min: 100, max: 999 }),
  reason: fc.string({ unit: latin1([9, ...range(0x20, 0x7e), ...range(0x80, 0xff)]) }),
  minorVersion: minorVersionArb,
  fields: fieldsArb,
})

test('a request that is written is read back, with and without the last CRLF', () => {
  fc.assert(
    fc.property(requestArb, (head) => {
      const text = formatRequestHead(head)
      expect(parseRequestHead(text.slice(0, -2))).toEqual(head)
      expect(parseRequestHead(text.slice(0, -4))).toEqual(head)
    }),
  )
})

test('a response that is written is read back', () => {
  fc.assert(
    fc.property(responseArb, (head) => {
      expect(parseResponseHead(formatResponseHead(head).slice(0, -2))).toEqual(head)
    }),
  )
})

test('no text throws, and what is accepted is written back to a text that reads the same', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'GET ',
      '/ ',
      'HTTP/1.1',
      '\r\n',
      'Host: a',
      ' 200 ',
      ':',
      ' ',
      '\n',
      '\r',
      '\0',
    ),
    fc.string({ unit: latin1(range(0, 0x101)), maxLength: 5 }),
  )
  fc.assert(
    fc.property(
      fc.array(piece).map((pieces) => pieces.join('')),
      (text) => {
        const request = parseRequestHead(text)
        const response = parseResponseHead(text)
        if (!(request instanceof HttpViolation)) {
          expect(parseRequestHead(formatRequestHead(request).slice(0, -2))).toEqual(request)
        }
        if (!(response instanceof HttpViolation)) {
          expect(parseResponseHead(formatResponseHead(response).slice(0, -2))).toEqual(response)
        }
      },
    ),
  )
})

const codeOf = (result: object) => (result instanceof HttpViolation ? result.code : 'accepted')
const request = (line: string, ...fields: string[]) =>
  codeOf(parseRequestHead([line, 'Host: a', ...fields, ''].join('\r\n')))
const response = (line: string) => codeOf(parseResponseHead(`${line}\r\n`))

test.each([
  'GET / HTTP/1.1',
  'OPTIONS * HTTP/1.1',
  'CONNECT a.example:443 HTTP/1.1',
  'GET http://a.example/b HTTP/1.1',
  'GET /a?b=c%20d#e HTTP/1.0',
  'M-SEARCH / HTTP/1.1',
])('%j is a request line', (line) => {
  expect(request(line)).toBe('accepted')
})

test.each([
  ['', 'bad-request-line'],
  ['GET', 'bad-request-line'],
  ['GET /', 'bad-request-line'],
  ['GET  / HTTP/1.1', 'bad-request-line'],
  ['GET / / HTTP/1.1', 'bad-version'],
  ['GET /  HTTP/1.1', 'bad-version'],
  ['GET / HTTP/1.1 ', 'bad-request-line'],
  [' GET / HTTP/1.1', 'bad-request-line'],
  ['G(T / HTTP/1.1', 'bad-request-line'],
  ['GET\t/\tHTTP/1.1', 'bad-request-line'],
  ['GET /\x7f HTTP/1.1', 'bad-request-line'],
  ['GET a HTTP/1.1', 'bad-request-line'],
  ['GET * HTTP/1.1', 'bad-request-line'],
  ['GET http:/// HTTP/1.1', 'bad-request-line'],
  ['CONNECT / HTTP/1.1', 'bad-request-line'],
  ['CONNECT a.example HTTP/1.1', 'bad-request-line'],
  ['GET / HTTP/1.2', 'bad-version'],
  ['GET / HTTP/2.0', 'bad-version'],
  ['GET / HTTP/0.9', 'bad-version'],
  ['GET / http/1.1', 'bad-version'],
  ['GET / HTTP/1.11', 'bad-request-line'],
])('%j is refused: %s', (line, code) => {
  expect(request(line)).toBe(code)
})

test.each([
  ['HTTP/1.1 200 OK', 200, 'OK'],
  ['HTTP/1.1 200 ', 200, ''],
  ['HTTP/1.1 200', 200, ''],
  ['HTTP/1.0 404 Not  Found', 404, 'Not  Found'],
  ['HTTP/1.1 999 \xe4', 999, '\xe4'],
])('%j is a status line', (line, status, reason) => {
  expect(parseResponseHead(`${line}\r\nA: b\r\n`)).toMatchObject({
    status,
    reason,
    fields: ['A', 'b'],
  })
})

test.each([
  ['', 'bad-version'],
  ['HTTP/1.1', 'bad-status-line'],
  ['HTTP/1.1 20', 'bad-status-line'],
  ['HTTP/1.1 099 Low', 'bad-status-line'],
  ['HTTP/1.1 2000 OK', 'bad-status-line'],
  ['HTTP/1.1 +20 OK', 'bad-status-line'],
  ['HTTP/1.1  200 OK', 'bad-status-line'],
  ['HTTP/1.1 200\tOK', 'bad-status-line'],
  ['HTTP/1.1 200 O\0K', 'control-character'],
  ['HTTP/1.1 200 O\nK', 'bare-line-feed'],
  ['HTTP/1.2 200 OK', 'bad-version'],
  ['ICY 200 OK', 'bad-version'],
])('%j is refused: %s', (line, code) => {
  expect(response(line)).toBe(code)
})

test.each([
  ['A : b', 'bad-field-name'],
  [': b', 'bad-field-name'],
  ['A', 'bad-field-name'],
  ['', 'bad-field-name'],
  ['A\0: b', 'bad-field-name'],
  ['\xe4: b', 'bad-field-name'],
  [' A: b', 'folded-line'],
  ['\tA: b', 'folded-line'],
  ['A: b\0', 'control-character'],
  ['A: b\rC: d', 'control-character'],
  ['A: b\x7f', 'control-character'],
  ['A: b\x0b', 'control-character'],
  ['A: b\u0100', 'control-character'],
  ['A: b\nC: d', 'bare-line-feed'],
])('the line %j is refused: %s', (line, code) => {
  expect(request('GET / HTTP/1.1', line)).toBe(code)
  expect(request('GET / HTTP/1.1', line, 'Last: c')).toBe(code)
})

test('blanks around a value are not part of it, those inside are', () => {
  const head = parseResponseHead('HTTP/1.1 200 OK\r\nA:\t b \t c\t \r\nB:\r\nC: \t \r\n')
  expect(head).toMatchObject({ fields: ['A', 'b \t c', 'B', '', 'C', ''] })
})

test('a request has exactly one Host, except that HTTP/1.0 may have none', () => {
  const hosts = (version: string, count: number) =>
    codeOf(parseRequestHead(`GET / HTTP/${version}\r\n${'hOST: a\r\n'.repeat(count)}`))
  expect([0, 1, 2].map((count) => hosts('1.1', count))).toEqual([
    'bad-host',
    'accepted',
    'bad-host',
  ])
  expect([0, 1, 2].map((count) => hosts('1.0', count))).toEqual([
    'accepted',
    'accepted',
    'bad-host',
  ])
})

test('the number of fields has a limit', () => {
  const fields = (count: number) =>
    codeOf(parseResponseHead(`HTTP/1.1 200\r\n${'a:\r\n'.repeat(count)}`))
  expect(fields(FIELDS_MAX)).toBe('accepted')
  expect(fields(FIELDS_MAX + 1)).toBe('too-many-fields')
})

test('a field called __proto__ is a field', () => {
  const head = parseResponseHead('HTTP/1.1 200 OK\r\n__proto__: x\r\n')
  expect(head).toMatchObject({ fields: ['__proto__', 'x'] })
})
