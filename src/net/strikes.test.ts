import { expect, test } from 'vitest'
import { Strikes } from './strikes.ts'

test('each address has its own count, and a second later a new one', () => {
  const strikes = new Strikes(2)
  expect([0, 1, 2].map((ms) => strikes.note('a', 10_000 + ms))).toEqual([false, false, true])
  expect(strikes.note('b', 10_003)).toBe(false)
  expect(strikes.note('a', 10_999)).toBe(true)
  expect(strikes.note('a', 11_000)).toBe(false)
})
