import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LatencyHistogram } from './latency-histogram.ts'

const durations = fc.array(fc.double({ min: 0.001, max: 60_000, noNaN: true }), { minLength: 1 })
const share = fc.double({ min: 0, max: 1, noNaN: true })

test('a quantile is at most a hundredth above the one of the sorted durations', () => {
  fc.assert(
    fc.property(durations, share, (values, wanted) => {
      const histogram = new LatencyHistogram()
      for (const value of values) histogram.add(value)
      const sorted = [...values].sort((a, b) => a - b)
      const exact = sorted[Math.max(0, Math.ceil(wanted * sorted.length) - 1)] as number
      const found = histogram.quantileMs(wanted)
      expect(found / exact).toBeGreaterThan(0.999_999)
      expect(found / exact).toBeLessThan(1.010_1)
    }),
  )
})

test('the last quantile is the longest duration itself', () => {
  const histogram = new LatencyHistogram()
  for (const value of [3, 1, 7.123, 2]) histogram.add(value)
  expect(histogram.quantileMs(1)).toBe(7.123)
  expect(histogram.count).toBe(4)
})

test('without durations every quantile is 0', () => {
  expect(new LatencyHistogram().quantileMs(0.99)).toBe(0)
})
