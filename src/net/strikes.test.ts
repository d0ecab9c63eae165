import { expect, test } from 'vitest'
import { Strikes } from './strikes.ts'

test('each address has its own count, and a second later a new one', () => {
  const strikes = new Strikes()
  expect([0, 1, 2].map((ms) => strikes.note('a', 10_000 + ms))).toEqual([1, 2, 3])
  expect(strikes.note('b', 10_003)).toBe(1)
  expect(strikes.note('a', 10_999)).toBe(4)
  expect(strikes.note('a', 11_000)).toBe(1)
})
