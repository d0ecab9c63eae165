import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import { BodyDecoder } from './body-decoder.ts'
import { requestBodyFraming, responseBodyFraming } from './body-framing.ts'
import type { BodyFraming } from './body-framing.ts'
import { parseRequestHead, parseResponseHead } from './head-parser.ts'
import { HeadReader } from './head-reader.ts'
import { HttpViolation, type HttpViolationCode } from './violation.ts'

/** Known shapes of request and response smuggling: each is refused, and for the right reason. */

const decodeLatin1 = (bytes: Uint8Array, start: number, end: number) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1', start, end)

type Framing = (headText: string) => BodyFraming | HttpViolation

const requestFraming: Framing = (text) => {
  const head = parseRequestHead(text)
  return head instanceof HttpViolation ? head : requestBodyFraming(head)
}

const responseFraming: Framing = (text) => {
  const head = parseResponseHead(text)
  return head instanceof HttpViolation ? head : responseBodyFraming(head, 'GET')
}

/** Reads one message to its end, and says why it was refused. */
function refusal(message: string, framingOf: Framing): HttpViolationCode | 'accepted' {
  const bytes = Uint8Array.from(Buffer.from(message, 'latin1'))
  const progress = new HeadReader(16_384, decodeLatin1).push(bytes)
  if (progress.kind === 'violation') return progress.violation.code
  if (progress.kind === 'more') return expect.unreachable('the head has no end')
  const framing = framingOf(progress.text)
  if (framing instanceof HttpViolation) return framing.code
  const sink = { data: () => {}, end: () => {} }
  const decoder = new BodyDecoder(framing, sink, { decodeLatin1, trailerBytesMax: 1_024 })
  decoder.push(progress.rest)
  return decoder.violation?.code ?? 'accepted'
}

const SMUGGLED = 'GET /admin HTTP/1.1\r\nHost: a\r\n\r\n'
const TE = 'Transfer-Encoding: chunked'
const CL = 'Content-Length: 5'
const post = (...lines: string[]) =>
  `POST / HTTP/1.1\r\nHost: a\r\n${lines.join('\r\n')}\r\n\r\n0\r\n\r\n${SMUGGLED}`
const chunked = (body: string) => `POST / HTTP/1.1\r\nHost: a\r\n${TE}\r\n\r\n${body}`

test.each<[string, string, HttpViolationCode]>([
  ['CL.TE', post(CL, TE), 'two-framings'],
  ['TE.CL', post(TE, CL), 'two-framings'],
  ['TE beside an equal length', post('Content-Length: 0', TE), 'two-framings'],
  ['an empty TE beside CL', post(CL, 'Transfer-Encoding:'), 'two-framings'],
  ['TE.TE, an unknown coding', post(TE, 'Transfer-Encoding: x'), 'bad-transfer-encoding'],
  ['TE.TE, the same twice', post(TE, TE), 'bad-transfer-encoding'],
  ['a list of codings', post('Transfer-Encoding: identity, chunked'), 'bad-transfer-encoding'],
  ['a coding behind chunked', post('Transfer-Encoding: chunked, x'), 'bad-transfer-encoding'],
  ['a prefixed coding', post('Transfer-Encoding: xchunked'), 'bad-transfer-encoding'],
  ['a quoted coding', post('Transfer-Encoding: "chunked"'), 'bad-transfer-encoding'],
  ['a no-break space', post('Transfer-Encoding: \xa0chunked'), 'bad-transfer-encoding'],
  ['a vertical tab', post('Transfer-Encoding: \x0bchunked'), 'control-character'],
  ['a NUL in a value', post('Transfer-Encoding: chunked\0'), 'control-character'],
  ['blank before the colon', post('Transfer-Encoding : chunked'), 'bad-field-name'],
  ['tab before the colon', post('Transfer-Encoding\t: chunked'), 'bad-field-name'],
  ['no colon', post('Transfer-Encoding chunked'), 'bad-field-name'],
  ['a folded coding', post('Transfer-Encoding:\r\n chunked'), 'folded-line'],
  ['a field behind a fold', post('X: a', ` ${TE}`), 'folded-line'],
  ['a folded first line', `GET / HTTP/1.1\r\n ${TE}\r\nHost: a\r\n\r\n`, 'folded-line'],
  ['a field behind a bare LF', post(`X: a\n${TE}`), 'bare-line-feed'],
  ['a field behind a bare CR', post(`X: a\r${TE}`), 'control-character'],
  ['a field behind CR CR LF', post(`X: a\r\r\n${TE}`), 'control-character'],
  ['two lengths', post(CL, 'Content-Length: 6'), 'bad-content-length'],
  ['two equal lengths', post(CL, CL), 'bad-content-length'],
  ['a list of lengths', post('Content-Length: 5, 6'), 'bad-content-length'],
  ['a signed length', post('Content-Length: +5'), 'bad-content-length'],
  ['a hexadecimal length', post('Content-Length: 0x5'), 'bad-content-length'],
  ['a length with an underscore', post('Content-Length: 5_0'), 'bad-content-length'],
  ['a split length', post('Content-Length: 5 0'), 'bad-content-length'],
  ['an endless length', post('Content-Length: 18446744073709551621'), 'bad-content-length'],
  ['an empty length', post('Content-Length:'), 'bad-content-length'],
  ['two hosts', post('Host: b'), 'bad-host'],
  ['no host', `GET / HTTP/1.1\r\n\r\n${SMUGGLED}`, 'bad-host'],
  ['chunked in HTTP/1.0', `POST / HTTP/1.0\r\n${TE}\r\n\r\n`, 'bad-transfer-encoding'],
  ['HTTP/0.9', `GET /\r\n\r\n${SMUGGLED}`, 'bad-request-line'],
  ['an empty line in front', `\r\n${SMUGGLED}`, 'bad-request-line'],
  ['a version in the target', `GET / HTTP/1.1 HTTP/1.1\r\nHost: a\r\n\r\n`, 'bad-request-line'],
  ['lines that end in LF', `GET / HTTP/1.1\nHost: a\n\n`, 'bare-line-feed'],
  ['CONNECT with a body', `CONNECT a:1 HTTP/1.1\r\nHost: a\r\n${CL}\r\n\r\n`, 'connect-body'],
  ['a chunk size that wraps 64 bits', chunked('10000000000000005\r\nhello\r\n'), 'bad-chunk'],
  ['a chunk size with 0x', chunked('0x5\r\nhello\r\n0\r\n\r\n'), 'bad-chunk'],
  ['a blank before the CRLF', chunked('5 \r\nhello\r\n0\r\n\r\n'), 'bad-chunk'],
  ['an extension behind a bare LF', chunked('5;\nhello\r\n0\r\n\r\n'), 'bare-line-feed'],
  ['an extension with a bare CR', chunked('5;a\rb\r\nhello\r\n0\r\n\r\n'), 'bad-chunk'],
  ['a chunk that ends in LF', chunked('5\r\nhello\n0\r\n\r\n'), 'bare-line-feed'],
  ['any two bytes behind a chunk', chunked('5\r\nhelloXX0\r\n\r\n'), 'bad-chunk'],
  ['a last chunk that ends in LF', chunked(`0\r\n\n${SMUGGLED}`), 'bare-line-feed'],
  ['a length in the trailers', chunked('0\r\nContent-Length: 9\r\n\r\n'), 'bad-trailer'],
  ['a request in the trailers', chunked(`0\r\n${SMUGGLED}`), 'bad-field-name'],
])('a request with %s is refused', (_, message, code) => {
  expect(refusal(message, requestFraming)).toBe(code)
})

const answer = (...lines: string[]) => `HTTP/1.1 200 OK\r\n${lines.join('\r\n')}\r\n\r\n0\r\n\r\n`

test.each<[string, string, HttpViolationCode]>([
  ['both framings', answer(CL, TE), 'two-framings'],
  ['two lengths', answer(CL, 'Content-Length: 6'), 'bad-content-length'],
  ['another coding', answer('Transfer-Encoding: gzip, chunked'), 'bad-transfer-encoding'],
  ['blank before the colon', answer('Content-Length : 5'), 'bad-field-name'],
  ['a folded field', answer('Content-Length:', ' 5'), 'folded-line'],
  ['a split reason', `HTTP/1.1 200 O\rK: b\r\n\r\n`, 'control-character'],
  ['a NUL', answer('X: a\0b'), 'control-character'],
  ['chunked in HTTP/1.0', `HTTP/1.0 200 OK\r\n${TE}\r\n\r\n`, 'bad-transfer-encoding'],
])('a response with %s is refused', (_, message, code) => {
  expect(refusal(message, responseFraming)).toBe(code)
})

test('the same messages without the trick are accepted', () => {
  expect(refusal(post(TE), requestFraming)).toBe('accepted')
  expect(refusal(post(CL), requestFraming)).toBe('accepted')
  expect(refusal(chunked('5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n'), requestFraming)).toBe('accepted')
  expect(refusal(answer(TE), responseFraming)).toBe('accepted')
})
