import { expect, test } from 'vitest'
import { BufferBudget } from './buffer-budget.ts'

const KIB = 1_024

test('under pressure, streams that hold much lose before those that flow', () => {
  const budget = new BufferBudget(1_000 * KIB)
  expect(budget.hold(750 * KIB, 256 * KIB)).toBe(true)
  expect(budget.hold(KIB, 64 * KIB + 1)).toBe(false)
  expect(budget.hold(KIB, 64 * KIB)).toBe(true)
  expect(budget.hold(249 * KIB, KIB)).toBe(false)
  expect(budget.hold(-700 * KIB, 0)).toBe(true)
  expect(budget.heldBytes).toBe(301 * KIB)
})
