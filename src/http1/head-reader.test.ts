import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HeadReader } from './head-reader.ts'

const decodeLatin1 = (bytes: Uint8Array, start: number, end: number) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1', start, end)

const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'))
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')

/** Pushes the chunks until the reader says something, and tells that with what was left over. */
function read(reader: HeadReader, chunks: Uint8Array[]): { head?: string; rest: string } | string {
  for (const [index, chunk] of chunks.entries()) {
    const progress = reader.push(chunk)
    if (progress.kind === 'violation') return progress.violation.code
    if (progress.kind === 'more') continue
    const rest = [progress.rest, ...chunks.slice(index + 1)].map(textOf).join('')
    return { head: progress.text, rest }
  }
  return 'more'
}

function cut(bytes: Uint8Array, sizes: number[]): Uint8Array[] {
  const chunks: Uint8Array[] = []
  let at = 0
  for (const size of sizes) chunks.push(bytes.slice(at, (at += size)))
  return [...chunks, bytes.slice(at)]
}

const sizesArb = fc.array(fc.nat({ max: 9 }), { maxLength: 40 })

test('the first empty line ends the head, wherever it lies and however it is cut', () => {
  const piece = fc.constantFrom('\r\n', 'a', 'bc: def', '\r', 'wxyz')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), sizesArb, (pieces, sizes) => {
      const text = pieces.join('')
      const found = text.indexOf('\r\n\r\n')
      const expected =
        found === -1 ? 'more' : { head: text.slice(0, found + 2), rest: text.slice(found + 4) }
      const chunks = cut(bytesOf(text), sizes)
      expect(read(new HeadReader(1_000, decodeLatin1), chunks)).toEqual(expected)
    }),
    { numRuns: 1_000 },
  )
})

test('a head of exactly the limit is read, and one byte more is refused, however it is cut', () => {
  const head = `GET / HTTP/1.1\r\nHost: ${'a'.repeat(40)}\r\n\r\n`
  fc.assert(
    fc.property(sizesArb, (sizes) => {
      const chunks = cut(bytesOf(`${head}body`), sizes)
      const text = head.slice(0, -2)
      expect(read(new HeadReader(head.length, decodeLatin1), chunks)).toEqual({
        head: text,
        rest: 'body',
      })
      expect(read(new HeadReader(head.length - 1, decodeLatin1), chunks)).toBe('head-too-large')
    }),
  )
})

test('what lies behind a head is a view into the chunk', () => {
  const chunk = bytesOf('HTTP/1.1 200 OK\r\n\r\nbody')
  const progress = new HeadReader(100, decodeLatin1).push(chunk)
  expect(progress.kind === 'head' && progress.rest.buffer).toBe(chunk.buffer)
})

test('a held chunk may be overwritten by its owner', () => {
  const reader = new HeadReader(100, decodeLatin1)
  const chunk = bytesOf('HTTP/1.1 200')
  reader.push(chunk)
  chunk.fill(0)
  expect(read(reader, [bytesOf('\r\n\r\n')])).toEqual({ head: 'HTTP/1.1 200\r\n', rest: '' })
})

test('a line that ends with LF alone is refused without waiting for more', () => {
  const read1 = (...texts: string[]) => read(new HeadReader(100, decodeLatin1), texts.map(bytesOf))
  expect(read1('GET / HTTP/1.1\nHost: a\n\n')).toBe('bare-line-feed')
  expect(read1('GET / HTTP/1.1', '\n')).toBe('bare-line-feed')
  expect(read1('\n')).toBe('bare-line-feed')
  expect(read1('GET / HTTP/1.1\r', '\nHost: a')).toBe('more')
})

test('after a reset the next head is read, as behind a 1xx', () => {
  const reader = new HeadReader(100, decodeLatin1)
  const first = reader.push(bytesOf('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n'))
  expect(() => reader.push(new Uint8Array(0))).toThrow('reset')
  reader.reset()
  expect(read(reader, first.kind === 'head' ? [first.rest] : [])).toEqual({
    head: 'HTTP/1.1 200 OK\r\n',
    rest: '',
  })
})

test('text is latin1: every byte is one character', () => {
  const chunk = Uint8Array.from([...bytesOf('A: '), 0xe4, 0xff, ...bytesOf('\r\n\r\n')])
  expect(read(new HeadReader(100, decodeLatin1), [chunk])).toEqual({
    head: 'A: \xe4\xff\r\n',
    rest: '',
  })
})
