import fc from 'fast-check'
import { expect, test } from 'vitest'
import { JsonBytes } from './json-bytes.ts'

const text = (json: JsonBytes): string => Buffer.from(json.bytes).toString()

test('a string reads back as what it was, whatever is in it', () => {
  const json = new JsonBytes()
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 50 }), (value) => {
      json.clear()
      json.string(value)
      expect(JSON.parse(text(json))).toBe(value)
    }),
  )
})

test('a whole number is written in its digits', () => {
  const json = new JsonBytes()
  fc.assert(
    fc.property(fc.nat(Number.MAX_SAFE_INTEGER), (value) => {
      json.clear()
      json.integer(value)
      expect(text(json)).toBe(String(value))
    }),
  )
})

test('pieces follow each other, and a long text makes its room', () => {
  const json = new JsonBytes()
  json.raw(Buffer.from('{"a":'))
  json.string('x'.repeat(100_000))
  json.raw(Buffer.from(',"b":'))
  json.string('é'.repeat(100_000))
  json.raw(Buffer.from('}'))
  expect(JSON.parse(text(json))).toEqual({ a: 'x'.repeat(100_000), b: 'é'.repeat(100_000) })
})
