import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applyMask, MaskKeys } from './websocket-mask.ts'

const key = fc.integer({ min: 0, max: 0xff_ff_ff_ff })

/** RFC 6455 §5.3 to the letter: octet i with octet i modulo 4 of the key. */
function maskNaively(bytes: Uint8Array, mask: number): Uint8Array {
  return bytes.map((byte, i) => byte ^ ((mask >>> (24 - 8 * (i % 4))) & 0xff))
}

test('masking is that of the slow oracle, at every alignment and length', () => {
  fc.assert(
    fc.property(key, fc.nat(15), fc.uint8Array({ maxLength: 300 }), (mask, offset, input) => {
      const room = new Uint8Array(offset + input.length + 8).fill(0xee)
      const bytes = room.subarray(offset, offset + input.length)
      bytes.set(input)
      applyMask(bytes, mask)
      expect([...bytes]).toEqual([...maskNaively(input, mask)])
      // What lies around it is somebody else's.
      expect([...room.subarray(0, offset)].every((byte) => byte === 0xee)).toBe(true)
      expect([...room.subarray(offset + input.length)].every((byte) => byte === 0xee)).toBe(true)
    }),
    { numRuns: 500 },
  )
})

test('a payload masked in pieces is masked as a whole', () => {
  const sizes = fc.array(fc.nat(90), { maxLength: 8 })
  fc.assert(
    fc.property(key, sizes, (mask, lengths) => {
      const total = lengths.reduce((sum, length) => sum + length, 0)
      const whole = new Uint8Array(total).map((_, i) => i * 7)
      const pieces = whole.slice()
      let rest = mask
      let at = 0
      for (const length of lengths) {
        rest = applyMask(pieces.subarray(at, at + length), rest)
        at += length
      }
      expect([...pieces]).toEqual([...maskNaively(whole, mask)])
    }),
  )
})

test('masks are 32 random bits and do not repeat', () => {
  const keys = new MaskKeys()
  const drawn = Array.from({ length: 500 }, () => keys.next())
  expect(new Set(drawn).size).toBeGreaterThan(490)
  expect(drawn.every((mask) => Number.isInteger(mask) && mask >= 0 && mask <= 0xff_ff_ff_ff)).toBe(
    true,
  )
  expect(drawn.some((mask) => mask > 0x7f_ff_ff_ff)).toBe(true)
})
