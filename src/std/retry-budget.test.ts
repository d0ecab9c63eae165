import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RetryBudget } from './retry-budget.ts'

test('what was saved up carries a burst, and no more than that', () => {
  const budget = new RetryBudget({ share: 0.2, savedMax: 10 })
  const granted = Array.from({ length: 15 }, () => budget.spend())
  expect(granted.filter(Boolean)).toHaveLength(10)
})

test('whatever fails, retries are a share of the requests beyond what was saved', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 2_000 }), (failures) => {
      const budget = new RetryBudget({ share: 0.2, savedMax: 10 })
      let retries = 0
      for (const fails of failures) {
        budget.earn()
        if (fails && budget.spend()) retries += 1
      }
      expect(retries).toBeLessThanOrEqual(failures.length * 0.2 + 10)
    }),
  )
})

test('a failure in each fifth request is always granted its retry', () => {
  const budget = new RetryBudget({ share: 0.25, savedMax: 1 })
  const granted = Array.from({ length: 1_000 }, (_, i) => {
    budget.earn()
    return i % 5 !== 0 || budget.spend()
  })
  expect(granted).not.toContain(false)
})
