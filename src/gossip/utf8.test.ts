import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readUtf8, utf8Length, writeUtf8 } from './utf8.ts'

function encode(text: string): Uint8Array {
  const bytes = new Uint8Array(utf8Length(text))
  writeUtf8(text, bytes, 0)
  return bytes
}

const points = fc.oneof(fc.nat({ max: 0x7f }), fc.nat({ max: 0xffff }), fc.nat({ max: 0x10ffff }))
const anyText = fc.array(points, { maxLength: 20 }).map((all) => String.fromCodePoint(...all))

test('text is written as the platform writes it, lone surrogates included', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(encode(text)).toEqual(new TextEncoder().encode(text))
    }),
  )
})

test('any bytes are read as the strict platform decoder reads them, or refused with it', () => {
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const sequence = anyText.map((text) => new TextEncoder().encode(text))
  const bent = fc.tuple(sequence, fc.nat(), fc.nat({ max: 255 })).map(([bytes, at, value]) => {
    if (bytes.length > 0) bytes[at % bytes.length] = value
    return bytes
  })
  fc.assert(
    fc.property(fc.oneof(bent, fc.uint8Array()), (bytes) => {
      let expected: string | undefined
      try {
        expected = strict.decode(bytes)
      } catch {
        expected = undefined
      }
      expect(readUtf8(bytes, 0, bytes.length)).toBe(expected)
    }),
    { numRuns: 500 },
  )
})
