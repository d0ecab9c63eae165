import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import type { Arbitrary } from 'fast-check'
import { unreachable } from '../../src/std/assert.ts'

/** One thing that happens to bytes on their way; places are fractions, to fit any length. */
export type Blow =
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'set'; readonly at: number; readonly byte: number }
  | { readonly kind: 'cut' | 'double'; readonly at: number; readonly bytes: number }
  | { readonly kind: 'insert'; readonly at: number; readonly bytes: readonly number[] }
  | { readonly kind: 'end'; readonly at: number }

const at = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })
/** Bytes at which parsers change their minds. */
const telling = fc.constantFrom(0, 1, 2, 9, 10, 13, 32, 58, 59, 125, 126, 127, 128, 254, 255)
const byte = fc.oneof(telling, fc.nat(255))

const blow: Arbitrary<Blow> = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at, bit: fc.nat(7) }),
  fc.record({ kind: fc.constant('set' as const), at, byte }),
  fc.record({ kind: fc.constantFrom('cut' as const, 'double' as const), at, bytes: fc.nat(40) }),
  fc.record({
    kind: fc.constant('insert' as const),
    at,
    bytes: fc.array(byte, { minLength: 1, maxLength: 6 }),
  }),
  fc.record({ kind: fc.constant('end' as const), at }),
)

/** A few of them, or (one in three) none. */
export const blows: Arbitrary<readonly Blow[]> = fc.oneof(
  fc.constant<readonly Blow[]>([]),
  fc.array(blow, { minLength: 1, maxLength: 2 }),
  fc.array(blow, { minLength: 1, maxLength: 8 }),
)

/** What the blows, one after the other, leave of bytes. */
export function struck(bytes: Uint8Array, all: readonly Blow[]): Uint8Array {
  return all.reduce(strike, bytes)
}

/** Valid bytes that were damaged in a few places, or (one in three) not at all. */
export function damaged(whole: Arbitrary<Uint8Array>): Arbitrary<Uint8Array> {
  return fc.tuple(whole, blows).map(([bytes, all]) => struck(bytes, all))
}

function strike(bytes: Uint8Array, hit: Blow): Uint8Array {
  const place = Math.floor(hit.at * bytes.length)
  const before = bytes.subarray(0, place)
  const behind = bytes.subarray(place)
  switch (hit.kind) {
    case 'flip':
      return bytes.map((value, index) => (index === place ? value ^ (1 << hit.bit) : value))
    case 'set':
      return bytes.map((value, index) => (index === place ? hit.byte : value))
    case 'cut':
      return join(before, behind.subarray(hit.bytes))
    case 'double':
      return join(before, behind.subarray(0, hit.bytes), behind)
    case 'insert':
      return join(before, Uint8Array.from(hit.bytes), behind)
    case 'end':
      return before
    default:
      return unreachable(hit)
  }
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts))
}

/** Nearly always something right, so that the rest of the input is looked at, too. */
export function mostly<Value>(right: Arbitrary<Value>, odd: Arbitrary<Value>): Arbitrary<Value> {
  return fc.oneof({ weight: 20, arbitrary: right }, { weight: 1, arbitrary: odd })
}

/** Where a stream of bytes is cut into chunks: mostly tiny ones, sometimes none. */
export const cuts: Arbitrary<readonly number[]> = fc.oneof(
  fc.constant([]),
  fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 80 }),
  fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 10 }),
)

/** Copies of the pieces of those sizes, again and again, and the rest as the last one. */
export function pieces(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const cut: Uint8Array[] = []
  let from = 0
  for (const size of sizes) {
    if (from >= bytes.length) return cut
    cut.push(Uint8Array.from(bytes.subarray(from, from + size)))
    from += size
  }
  if (from < bytes.length) cut.push(Uint8Array.from(bytes.subarray(from)))
  return cut
}
