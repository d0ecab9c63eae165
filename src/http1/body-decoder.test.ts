import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BodyDecoder } from './body-decoder.ts'
import type { BodyFraming } from './body-framing.ts'
import { CHUNK_LINE_BYTES_MAX } from './chunk-size.ts'
import { CHUNK_TAIL, chunkLead, lastChunk } from './chunked-encoder.ts'
import type { Fields } from './fields.ts'

const TRAILER_BYTES_MAX = 200
const CHUNKED: BodyFraming = { kind: 'chunked' }

const decodeLatin1 = (bytes: Uint8Array, start: number, end: number) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1', start, end)

/** What became of a body: its text, where it ended, and how. */
interface Outcome {
  body: string
  trailers: Fields | undefined
  consumed: number
  code: string | undefined
  ending: 'complete' | 'truncated'
}

/** Decodes a text that is cut into pieces of those sizes, the last one taking the rest. */
function decode(framing: BodyFraming, text: string, sizes: number[] = []): Outcome {
  let body = ''
  let trailers: Fields | undefined
  const sink = {
    data: (bytes: Uint8Array) => {
      expect(bytes.length).toBeGreaterThan(0)
      expect(trailers).toBeUndefined()
      body += Buffer.from(bytes).toString('latin1')
    },
    end: (fields: Fields) => {
      expect(trailers).toBeUndefined()
      trailers = fields
    },
  }
  const options = { decodeLatin1, trailerBytesMax: TRAILER_BYTES_MAX }
  const decoder = new BodyDecoder(framing, sink, options)
  const bytes = Uint8Array.from(Buffer.from(text, 'latin1'))
  let consumed = 0
  let at = 0
  for (const size of [...sizes, bytes.length]) {
    const chunk = bytes.slice(at, at + size)
    at += chunk.length
    const taken = decoder.push(chunk)
    consumed += taken
    if (decoder.done || decoder.violation !== undefined) break
    expect(taken).toBe(chunk.length)
    chunk.fill(0)
  }
  const ending = decoder.finish()
  return { body, trailers, consumed, code: decoder.violation?.code, ending }
}

const sizesArb = fc.array(fc.nat({ max: 12 }), { maxLength: 60 })

test('a body of a length ends after exactly that many bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii' }), sizesArb, (body, sizes) => {
      const framing: BodyFraming = { kind: 'length', bytes: body.length }
      const complete = { body, trailers: [], consumed: body.length, ending: 'complete' }
      expect(decode(framing, `${body}NEXT`, sizes)).toMatchObject(complete)
      expect(decode({ kind: 'length', bytes: body.length + 1 }, body, sizes)).toMatchObject({
        trailers: undefined,
        ending: 'truncated',
      })
    }),
  )
})

test('a body until close takes everything and completes with the source', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii' }), sizesArb, (body, sizes) => {
      expect(decode({ kind: 'until-close' }, body, sizes)).toEqual({
        body,
        trailers: [],
        consumed: body.length,
        code: undefined,
        ending: 'complete',
      })
    }),
  )
})

const chunkArb = fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 40 })
const extensionArb = fc.constantFrom('', '', ';a', ';a=b', ';a="b \\" ;\xff";c')
const trailersArb = fc.constantFrom([], ['X-Sum', '1'], ['A', '', 'B', 'c d'])

test('a chunked body comes out as it went in, whatever the chunks and the cuts', () => {
  const chunksArb = fc.array(fc.tuple(chunkArb, extensionArb), { maxLength: 10 })
  fc.assert(
    fc.property(chunksArb, trailersArb, sizesArb, (chunks, trailers, sizes) => {
      const encoded = chunks
        .map(([data, extension]) => {
          const lead = chunkLead(data.length).replace('\r\n', `${extension}\r\n`)
          return lead + data + CHUNK_TAIL
        })
        .join('')
      const text = encoded + lastChunk(trailers)
      expect(decode(CHUNKED, `${text}NEXT`, sizes)).toEqual({
        body: chunks.map(([data]) => data).join(''),
        trailers,
        consumed: text.length,
        code: undefined,
        ending: 'complete',
      })
    }),
  )
})

/** RFC 9112 §7.1 as one reads it, without chunks, speed or error codes. */
function naiveChunked(text: string): { body: string; consumed: number } | 'cut off' | 'refused' {
  let body = ''
  let at = 0
  for (;;) {
    const lineEnd = text.indexOf('\n', at)
    if (lineEnd === -1) return 'cut off'
    const line = text.slice(at, lineEnd + 1)
    if (!/^[0-9a-f]+(;[-0-9a-z]+)*\r\n$/.test(line)) return 'refused'
    const size = Number.parseInt(line, 16)
    at = lineEnd + 1
    if (size === 0) break
    if (text.length < at + size + 2) return 'cut off'
    body += text.slice(at, at + size)
    if (text.slice(at + size, at + size + 2) !== '\r\n') return 'refused'
    at += size + 2
  }
  if (text.length < at + 2) return 'cut off'
  return text.slice(at, at + 2) === '\r\n' ? { body, consumed: at + 2 } : 'refused'
}

test('broken chunked bodies fare as a naive reading of the RFC says', () => {
  const pieceArb = fc.constantFrom(
    '0',
    '1',
    '3',
    'a',
    '\r\n',
    '\r\n',
    '\n',
    '\r',
    ';',
    'x',
    '-',
    ' ',
  )
  fc.assert(
    fc.property(fc.array(pieceArb, { maxLength: 24 }), sizesArb, (pieces, sizes) => {
      const text = pieces.join('')
      const outcome = decode(CHUNKED, text, sizes)
      const expected = naiveChunked(text)
      if (typeof expected === 'object') expect(outcome).toMatchObject({ ...expected, trailers: [] })
      else expect(outcome.ending).toBe('truncated')
      // The naive one sees a cut before a mistake in what is there, so only one way is compared.
      if (outcome.code !== undefined) expect(typeof expected).toBe('string')
    }),
    { numRuns: 2_000 },
  )
})

test.each([
  ['', undefined],
  ['5\r\nhello', undefined],
  ['5\r\nhello\r\n0\r\n', undefined],
  ['x\r\n', 'bad-chunk'],
  ['\r\n', 'bad-chunk'],
  [' 5\r\nhello\r\n', 'bad-chunk'],
  ['5 \r\nhello\r\n', 'bad-chunk'],
  ['-5\r\n', 'bad-chunk'],
  ['+5\r\n', 'bad-chunk'],
  ['0x5\r\nhello\r\n', 'bad-chunk'],
  ['5_0\r\n', 'bad-chunk'],
  ['5;a b\r\nhello\r\n', 'bad-chunk'],
  ['5;a="b\r\nhello\r\n', 'bad-chunk'],
  ['5;a=\rb\r\nhello\r\n', 'bad-chunk'],
  ['5\nhello\r\n', 'bare-line-feed'],
  ['5;\nhello\r\n', 'bare-line-feed'],
  ['5\r\nhello\n0\r\n\r\n', 'bare-line-feed'],
  ['5\r\nhelloX\r\n', 'bad-chunk'],
  ['5\r\nhello0\r\n\r\n', 'bad-chunk'],
  ['5\r\nhello\r0\r\n\r\n', 'bad-chunk'],
  ['0\r\n\n', 'bare-line-feed'],
  ['0\r\nA: b\n\r\n', 'bare-line-feed'],
  ['0\r\nA : b\r\n\r\n', 'bad-field-name'],
  ['0\r\nA: b\r\n c\r\n\r\n', 'folded-line'],
  ['0\r\nA: b\rc\r\n\r\n', 'control-character'],
  ['0\r\nContent-Length: 5\r\n\r\n', 'bad-trailer'],
  ['0\r\ntransfer-encoding: chunked\r\n\r\n', 'bad-trailer'],
  ['0\r\nHost: b\r\n\r\n', 'bad-trailer'],
])('the chunked body %j does not end well: %s', (text, code) => {
  const bytewise = Array.from({ length: text.length }, () => 1)
  for (const sizes of [[], bytewise]) {
    expect(decode(CHUNKED, text, sizes)).toMatchObject({
      code,
      trailers: undefined,
      ending: 'truncated',
    })
  }
})

test('the largest exact chunk size is waited for, the next one is refused', () => {
  const begin = (size: string) => decode(CHUNKED, `${size}\r\nx`)
  expect(begin('1fffffffffffff')).toMatchObject({ code: undefined, body: 'x' })
  expect(begin('20000000000000').code).toBe('bad-chunk')
  expect(begin('0000000000000001')).toMatchObject({ code: undefined, body: 'x' })
  expect(begin('00000000000000001').code).toBe('bad-chunk')
})

test('a chunk line has a limit, however it is cut', () => {
  const line = (bytes: number) => `1;${'a'.repeat(bytes - 2)}\r\nx\r\n0\r\n\r\n`
  fc.assert(
    fc.property(sizesArb, (sizes) => {
      expect(decode(CHUNKED, line(CHUNK_LINE_BYTES_MAX), sizes).ending).toBe('complete')
      const over = decode(CHUNKED, line(CHUNK_LINE_BYTES_MAX + 1), sizes)
      expect(over.code).toBe('chunk-line-too-long')
    }),
    { numRuns: 20 },
  )
  expect(decode(CHUNKED, '0'.repeat(CHUNK_LINE_BYTES_MAX + 2)).code).toBe('chunk-line-too-long')
})

test('trailers have a limit together, their CRLFs included, however they are cut', () => {
  const trailers = (bytes: number) => `0\r\nA: b\r\nC: ${'d'.repeat(bytes - 11)}\r\n\r\n`
  fc.assert(
    fc.property(sizesArb, (sizes) => {
      expect(decode(CHUNKED, trailers(TRAILER_BYTES_MAX), sizes).ending).toBe('complete')
      const over = decode(CHUNKED, trailers(TRAILER_BYTES_MAX + 1), sizes)
      expect(over.code).toBe('trailers-too-large')
    }),
    { numRuns: 20 },
  )
})

test.each<BodyFraming>([{ kind: 'none' }, { kind: 'length', bytes: 0 }])(
  'a body without bytes is done at once and ends its sink once, on the first push or finish: %j',
  (framing) => {
    let ends = 0
    const sink = { data: () => expect.unreachable(), end: () => (ends += 1) }
    const make = () => new BodyDecoder(framing, sink, { decodeLatin1, trailerBytesMax: 0 })
    const pushed = make()
    expect([pushed.done, ends]).toEqual([true, 0])
    expect(pushed.push(new Uint8Array(0))).toBe(0)
    expect(pushed.push(Uint8Array.of(1))).toBe(0)
    expect([pushed.finish(), ends]).toEqual(['complete', 1])
    expect([make().finish(), ends]).toEqual(['complete', 2])
  },
)

test('data are views into the chunk', () => {
  const chunk = Uint8Array.from(Buffer.from('5\r\nhello\r\n'))
  const buffers: unknown[] = []
  const sink = { data: (bytes: Uint8Array) => buffers.push(bytes.buffer), end: () => {} }
  new BodyDecoder(CHUNKED, sink, { decodeLatin1, trailerBytesMax: 0 }).push(chunk)
  expect(buffers).toEqual([chunk.buffer])
  expect(buffers[0]).toBe(chunk.buffer)
})

test('after a violation nothing is decoded any more', () => {
  const sink = { data: () => expect.unreachable(), end: () => expect.unreachable() }
  const decoder = new BodyDecoder(CHUNKED, sink, { decodeLatin1, trailerBytesMax: 0 })
  decoder.push(Uint8Array.from(Buffer.from('x\r\n')))
  expect(decoder.push(Uint8Array.from(Buffer.from('5\r\nhello\r\n')))).toBe(0)
  expect(decoder.finish()).toBe('truncated')
})
