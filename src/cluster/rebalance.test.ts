import fc from 'fast-check'
import { expect, test } from 'vitest'
import { upstreamsToShed } from './rebalance.ts'

const CONFIG = { threshold: 0.2, shedRate: 0.05, minConns: 50 }

test.each([
  ['nothing when it is off', 900, [0, 0], { ...CONFIG, threshold: 0 }, 0],
  ['nothing without others', 900, [], CONFIG, 0],
  ['nothing when it has few', 49, [0, 0], CONFIG, 0],
  ['nothing within the threshold', 120, [90, 90], CONFIG, 0],
  ['a share of the average at once', 900, [0, 0], CONFIG, 15],
  ['no more than what lies above the threshold', 365, [300, 235], CONFIG, 5],
])('a node sheds %s', (_what, local, others, config, shed) => {
  expect(upstreamsToShed(local, others, config)).toBe(shed)
})

test('whatever the counts, a node that sheds stays above the average', () => {
  const counts = fc.array(fc.nat({ max: 10_000 }), { minLength: 1, maxLength: 50 })
  const rate = fc.double({ min: 0, max: 1, noNaN: true })
  fc.assert(
    fc.property(fc.nat({ max: 10_000 }), counts, rate, rate, (local, others, threshold, shed) => {
      const config = { threshold, shedRate: shed, minConns: 0 }
      const left = local - upstreamsToShed(local, others, config)
      const total = others.reduce((sum, count) => sum + count, local)
      expect(left === local || left >= total / (others.length + 1)).toBe(true)
    }),
  )
})
