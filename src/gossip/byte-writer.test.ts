import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'

test('numbers and texts are read back as written', () => {
  const item = fc.oneof(fc.maxSafeNat(), fc.string({ unit: 'grapheme', maxLength: 30 }))
  fc.assert(
    fc.property(fc.array(item), (items) => {
      const writer = new ByteWriter(100_000)
      for (const value of items) {
        if (typeof value === 'number') writer.varint(value)
        else writer.text(value)
      }
      const reader = new ByteReader(writer.finish())
      for (const value of items) {
        expect(typeof value === 'number' ? reader.varint() : reader.text(1_000)).toBe(value)
      }
      expect(reader.atEnd && !reader.failed).toBe(true)
    }),
  )
})

test('what does not fit is gone after a rewind, and what was before it stays', () => {
  const writer = new ByteWriter(4)
  writer.byte(1)
  const mark = writer.length
  writer.text('long')
  expect(writer.overflowed).toBe(true)
  writer.rewind(mark)
  writer.byte(2)
  expect([...writer.finish()]).toEqual([1, 2])
})

test('the last byte of the limit can be used, the one after it cannot', () => {
  const writer = new ByteWriter(3)
  writer.text('ab')
  expect(writer.overflowed).toBe(false)
  writer.byte(0)
  expect(writer.overflowed).toBe(true)
  expect(() => writer.finish()).toThrow('overflowed')
})

test('a number beyond 2^53 - 1 and a number without an end are failures', () => {
  const tooLarge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f]
  const endless = Array.from({ length: 12 }, () => 0x80)
  for (const bytes of [tooLarge, endless, [0x80], []]) {
    const reader = new ByteReader(Uint8Array.from(bytes))
    expect(reader.varint()).toBe(0)
    expect(reader.failed).toBe(true)
  }
})

test('a text longer than allowed is a failure', () => {
  const writer = new ByteWriter(10)
  writer.text('abc')
  const reader = new ByteReader(writer.finish())
  expect(reader.text(2)).toBe('')
  expect(reader.failed).toBe(true)
})
