import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ResponseReader } from './response-reader.ts'
import type { ResponseReaderOptions } from './response-reader.ts'

const bytesOf = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0))
const decodeLatin1 = (bytes: Uint8Array, start: number, end: number) =>
  String.fromCharCode(...bytes.subarray(start, end))

/** Reads a text that is cut into pieces of those sizes, and tells what became of it. */
function read(text: string, options: Partial<ResponseReaderOptions> = {}, sizes: number[] = []) {
  const events: string[] = []
  let body = ''
  const reader = new ResponseReader(
    {
      informational: ({ status }) => events.push(`interim ${status}`),
      head: ({ status }, { kind }) => events.push(`${status} ${kind}`),
      data: (bytes) => {
        body += decodeLatin1(bytes, 0, bytes.length)
      },
      end: (trailers) => events.push(['end', ...trailers].join(' ')),
    },
    { requestMethod: 'GET', headBytesMax: 200, decodeLatin1, ...options },
  )
  const bytes = bytesOf(text)
  let rest = ''
  let at = 0
  for (const size of [...sizes, bytes.length]) {
    const piece = bytes.subarray(at, at + size)
    at += piece.length
    const behind = reader.done || reader.upgraded ? piece : reader.push(piece)
    if (reader.violation !== undefined) break
    rest += decodeLatin1(behind, 0, behind.length)
  }
  const { violation, done } = reader
  return { events, body, rest, done, code: violation?.code, ending: reader.finish() }
}

const FINAL = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc'

test('a response is the same however it is cut into pieces', () => {
  const text =
    'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n' +
    'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\nbehind'
  const expected = {
    events: ['interim 103', '200 chunked', 'end X y'],
    body: 'abc',
    rest: 'behind',
    done: true,
    code: undefined,
    ending: 'complete',
  }
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 20 }), { maxLength: 40 }), (sizes) => {
      expect(read(text, {}, sizes)).toEqual(expected)
    }),
  )
})

test('interim answers are not the answer', () => {
  const { events } = read(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 X\r\n\r\n${FINAL}`)
  expect(events).toEqual(['interim 100', 'interim 102', '200 length', 'end'])
})

test('64 interim answers are borne, one more is not', () => {
  const interim = 'HTTP/1.1 102 X\r\n\r\n'
  expect(read(interim.repeat(64) + FINAL).ending).toBe('complete')
  expect(read(interim.repeat(65) + FINAL).code).toBe('too-many-informational')
})

test('an answer to HEAD ends with its head', () => {
  const { events, rest } = read(FINAL, { requestMethod: 'HEAD' })
  expect([events, rest]).toEqual([['200 none', 'end'], 'abc'])
})

test('a 101 ends HTTP where another protocol was asked for, and is refused elsewhere', () => {
  const text = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nother'
  const asked = read(text, { mayUpgrade: true })
  expect([asked.events, asked.rest]).toEqual([['101 none'], 'other'])
  const unasked = read(text)
  expect([unasked.events, unasked.code]).toEqual([[], 'unasked-switch'])
})

test("a source that ends early has truncated its answer, unless its end is the body's", () => {
  expect(read('').ending).toBe('truncated')
  expect(read('HTTP/1.1 200 OK\r\nContent-Le').ending).toBe('truncated')
  expect(read(FINAL.slice(0, -1)).ending).toBe('truncated')
  expect(read('HTTP/1.1 200 OK\r\n\r\nabc').ending).toBe('complete')
})

test('a head up to its limit is read, one above it is refused', () => {
  const head = (length: number) => `HTTP/1.1 204 X\r\nA: ${'v'.repeat(length - 23)}\r\n\r\n`
  expect(head(200)).toHaveLength(200)
  expect(read(head(200)).ending).toBe('complete')
  expect(read(head(201)).code).toBe('head-too-large')
})

test('nothing is read behind a violation', () => {
  const { events, code } = read(`SSH-2.0\r\n\r\n${FINAL}`)
  expect([events, code]).toEqual([[], 'bad-version'])
})
