import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatByteSize, parseByteSize } from './byte-size.ts'

test.each([
  ['0', 0],
  ['262144', 262_144],
  ['1_000', 1_000],
  ['256KiB', 262_144],
  ['256 kib', 262_144],
  ['1MB', 1_000_000],
  ['1.5MiB', 1_572_864],
  ['2GiB', 2_147_483_648],
  ['3B', 3],
  ['', undefined],
  ['KiB', undefined],
  ['1.5', undefined],
  ['1 iB', undefined],
  ['-1', undefined],
  ['1TB', undefined],
  ['9007199254740992', undefined],
])('%s is %s bytes', (text, bytes) => {
  expect(parseByteSize(text)).toBe(bytes)
})

test('a size that was written is read back exactly', () => {
  const sizes = fc.oneof(
    fc.maxSafeNat(),
    fc.nat(8_000_000).map((mib) => mib * 1_048_576),
  )
  fc.assert(
    fc.property(sizes, (bytes) => {
      expect(parseByteSize(String(formatByteSize(bytes)))).toBe(bytes)
    }),
  )
})
