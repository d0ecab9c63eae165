import { expect, test } from 'vitest'
import { requestBodyFraming, responseBodyFraming } from './body-framing.ts'
import type { Fields } from './fields.ts'
import { HttpViolation } from './violation.ts'

const show = (framing: object) => (framing instanceof HttpViolation ? framing.code : framing)

const request = (fields: Fields, method = 'POST', minorVersion: 0 | 1 = 1) =>
  show(requestBodyFraming({ method, target: '/', minorVersion, fields }))

const response = (fields: Fields, status = 200, method = 'GET', minorVersion: 0 | 1 = 1) =>
  show(responseBodyFraming({ status, reason: '', minorVersion, fields }, method))

const LENGTH = ['Content-Length', '5']
const CHUNKED = ['Transfer-Encoding', 'chunked']

test('without framing fields a request has no body and a response lasts until the end', () => {
  expect(request(['Host', 'a'])).toEqual({ kind: 'none' })
  expect(response(['Server', 'a'])).toEqual({ kind: 'until-close' })
})

test('a length and chunked are read in requests and responses', () => {
  expect(request(LENGTH)).toEqual({ kind: 'length', bytes: 5 })
  expect(response(LENGTH)).toEqual({ kind: 'length', bytes: 5 })
  expect(request(CHUNKED)).toEqual({ kind: 'chunked' })
  expect(response(['transfer-encoding', 'Chunked'])).toEqual({ kind: 'chunked' })
})

test.each([
  ['0', 0],
  ['007', 7],
  [String(Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER],
])('the Content-Length %j is %d', (value, bytes) => {
  expect(request(['Content-Length', value])).toEqual({ kind: 'length', bytes })
})

test.each(['', '+5', '-5', '5 5', '5, 5', '5,', '0x5', '5.0', '1e3', '９', '9007199254740992'])(
  'the Content-Length %j is refused',
  (value) => {
    expect(request(['Content-Length', value])).toBe('bad-content-length')
    expect(response(['Content-Length', value])).toBe('bad-content-length')
  },
)

test.each([
  '',
  'identity',
  'gzip, chunked',
  'chunked, chunked',
  'chunked;q=1',
  'xchunked',
  '\xa0chunked',
])('the Transfer-Encoding %j is refused', (value) => {
  expect(request(['Transfer-Encoding', value])).toBe('bad-transfer-encoding')
  expect(response(['Transfer-Encoding', value])).toBe('bad-transfer-encoding')
})

test('a repeated framing field is refused, equal or not', () => {
  expect(request([...LENGTH, ...LENGTH])).toBe('bad-content-length')
  expect(request([...LENGTH, 'content-length', '6'])).toBe('bad-content-length')
  expect(request([...CHUNKED, ...CHUNKED])).toBe('bad-transfer-encoding')
})

test('both framings together are refused, even when one of them is empty', () => {
  expect(request([...LENGTH, ...CHUNKED])).toBe('two-framings')
  expect(response([...CHUNKED, ...LENGTH])).toBe('two-framings')
  expect(request([...LENGTH, 'Transfer-Encoding', ''])).toBe('two-framings')
  expect(request([...CHUNKED, 'Content-Length', ''])).toBe('two-framings')
})

test('HTTP/1.0 knows no transfer codings', () => {
  expect(request(CHUNKED, 'POST', 0)).toBe('bad-transfer-encoding')
  expect(response(CHUNKED, 200, 'GET', 0)).toBe('bad-transfer-encoding')
})

test.each([
  [200, 'HEAD'],
  [404, 'HEAD'],
  [100, 'GET'],
  [101, 'GET'],
  [199, 'GET'],
  [204, 'GET'],
  [304, 'GET'],
  [200, 'CONNECT'],
  [299, 'CONNECT'],
])('a %d answer to %s has no body, whatever its fields say', (status, method) => {
  expect(response(LENGTH, status, method)).toEqual({ kind: 'none' })
  expect(response(CHUNKED, status, method)).toEqual({ kind: 'none' })
  expect(response([], status, method)).toEqual({ kind: 'none' })
})

test('an answer that refuses a CONNECT has a body', () => {
  expect(response(LENGTH, 407, 'CONNECT')).toEqual({ kind: 'length', bytes: 5 })
})

test('an answer without a body is refused for malformed framing all the same', () => {
  expect(response([...LENGTH, ...CHUNKED], 304)).toBe('two-framings')
  expect(response(['Content-Length', 'x'], 200, 'HEAD')).toBe('bad-content-length')
})

test('a CONNECT request has no body and may not announce one', () => {
  expect(request([], 'CONNECT')).toEqual({ kind: 'none' })
  expect(request(LENGTH, 'CONNECT')).toBe('connect-body')
  expect(request(CHUNKED, 'CONNECT')).toBe('connect-body')
})
