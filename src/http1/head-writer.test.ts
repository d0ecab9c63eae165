import { expect, test } from 'vitest'
import { chunkLead, lastChunk } from './chunked-encoder.ts'
import { formatRequestHead, formatResponseHead } from './head-writer.ts'

const REQUEST = { method: 'GET', target: '/', minorVersion: 1, fields: ['Host', 'a'] } as const
const RESPONSE = { status: 200, reason: '', minorVersion: 1, fields: ['A', ''] } as const

const request = (part: object) => formatRequestHead({ ...REQUEST, fields: ['Host', 'a'], ...part })
const response = (part: object) => formatResponseHead({ ...RESPONSE, fields: ['A', ''], ...part })

test('heads are written with their empty line', () => {
  expect(request({})).toBe('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  expect(response({})).toBe('HTTP/1.1 200 \r\nA: \r\n\r\n')
  expect(response({ minorVersion: 0, reason: 'OK', fields: [] })).toBe('HTTP/1.0 200 OK\r\n\r\n')
})

// A character beyond latin1 loses its upper byte on the way out: U+010A would become a line feed.
test.each(['a\r\nb', 'a\nb', 'a\rb', 'a\0b', '\x7f', '\u010a', '\u{1f600}'])(
  '%j cannot be smuggled into a head by our own code',
  (bad) => {
    expect(() => request({ method: bad })).toThrow('token')
    expect(() => request({ target: bad })).toThrow('target')
    expect(() => request({ fields: [bad, 'a'] })).toThrow('name')
    expect(() => request({ fields: ['a', bad] })).toThrow('value')
    expect(() => response({ reason: bad })).toThrow('reason')
    expect(() => lastChunk(['a', bad])).toThrow('value')
  },
)

test('nothing that must not be empty is', () => {
  expect(() => request({ method: '' })).toThrow('method')
  expect(() => request({ target: '' })).toThrow('target')
  expect(() => request({ fields: ['', 'a'] })).toThrow('name')
  expect(() => request({ fields: ['a:', 'a'] })).toThrow('name')
  expect(() => request({ target: '/ b' })).toThrow('target')
})

test.each([99, 1_000, 200.5, Number.NaN])('%d is no status', (status) => {
  expect(() => response({ status })).toThrow('status')
})

test('chunks are led by their size and the last one carries the trailers', () => {
  expect(chunkLead(31)).toBe('1f\r\n')
  expect(lastChunk([])).toBe('0\r\n\r\n')
  expect(lastChunk(['X-Sum', '1'])).toBe('0\r\nX-Sum: 1\r\n\r\n')
})

test('a chunk of no bytes would end the body and is a defect', () => {
  expect(() => chunkLead(0)).toThrow('bytes')
  expect(() => chunkLead(1.5)).toThrow('bytes')
})
