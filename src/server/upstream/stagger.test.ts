import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { stagger } from './stagger.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('all are visited within the time, none of its shares sees more than two of them', () => {
  const visits: number[] = []
  const items = Array.from({ length: 100 }, (_, i) => i)
  stagger(items, { withinMs: 1_000, visit: (item) => void visits.push(item) })
  for (let share = 1; share <= 100; share++) {
    const before = visits.length
    vi.advanceTimersByTime(10)
    expect(visits.length - before).toBeLessThanOrEqual(2)
  }
  expect(visits.toSorted((a, b) => a - b)).toEqual(items)
})

test('no time means now, and a stop leaves the others unvisited', () => {
  const visits: string[] = []
  const visit = (item: string): void => void visits.push(item)
  stagger(['a', 'b'], { withinMs: 0, visit })
  expect(visits).toEqual(['a', 'b'])
  stagger(['c', 'd'], { withinMs: 100, visit })()
  vi.advanceTimersByTime(1_000)
  expect(visits).toEqual(['a', 'b'])
})
