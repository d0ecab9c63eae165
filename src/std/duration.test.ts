import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatDuration, formatElapsed, parseDuration } from './duration.ts'

test.each([
  ['1m30s', 90_000],
  ['100ms', 100],
  ['1.5h', 5_400_000],
  ['0', 0],
  ['0s', 0],
  ['2h45m', 9_900_000],
  ['250us', 0.25],
])('%s is %d ms', (text, expectedMs) => {
  expect(parseDuration(text)).toBe(expectedMs)
})

test.each(['', '1', '10', '1 s', 's', '-1s', '1d', '1s ', '1m30', 'NaN'])('%j is none', (text) => {
  expect(parseDuration(text)).toBeUndefined()
})

test('what is written is read back', () => {
  fc.assert(
    fc.property(fc.nat({ max: 1_000_000_000 }), (durationMs) => {
      expect(parseDuration(formatDuration(durationMs))).toBeCloseTo(durationMs, 6)
    }),
  )
})

test.each([
  [90_000, '1m30s'],
  [60_000, '1m'],
  [1_500, '1.5s'],
  [100, '100ms'],
  [0, '0s'],
])('%d ms is written %s', (durationMs, expected) => {
  expect(formatDuration(durationMs)).toBe(expected)
})

test.each([
  [0.000_4, '0s'],
  [0.25, '0.25ms'],
  [0.000_6, '0.001ms'],
  [17.123_4, '17.123ms'],
  [999.999_4, '999.999ms'],
  [999.999_6, '1s'],
  [1_500, '1.5s'],
])('%d ms that passed are written %s', (durationMs, expected) => {
  expect(formatElapsed(durationMs)).toBe(expected)
})

test('what passed is written like any duration, to the microsecond', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 100_000, noNaN: true }), (durationMs) => {
      const rounded = Math.round(durationMs * 1_000) / 1_000
      expect(formatElapsed(durationMs)).toBe(formatDuration(rounded))
    }),
  )
})
