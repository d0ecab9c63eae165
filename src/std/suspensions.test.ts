import { expect, test } from 'vitest'
import { Suspensions } from './suspensions.ts'

const TIMES = { suspendMs: 1_000, suspendMaxMs: 30_000 }

/** How long the node is suspended from `now` on, to the second. */
function lasts(suspensions: Suspensions<string>, now: number): number {
  let seconds = 0
  while (suspensions.isSuspended('n2', now + seconds * 1_000)) seconds += 1
  return seconds
}

test('who fails again and again is suspended longer each time, up to a limit', () => {
  const suspensions = new Suspensions<string>(TIMES)
  const durations: number[] = []
  for (let now = 0, i = 0; i < 7; i++) {
    suspensions.failed('n2', now)
    // Tried in spite of it: that changes nothing.
    suspensions.failed('n2', now + 1)
    durations.push(lasts(suspensions, now))
    now += lasts(suspensions, now) * 1_000
  }
  expect(durations).toEqual([1, 2, 4, 8, 16, 30, 30])
  expect(suspensions.isSuspended('n3', 0)).toBe(false)
})

test('who is back, or behaves for a while, begins anew', () => {
  const suspensions = new Suspensions<string>(TIMES)
  suspensions.failed('n2', 0)
  suspensions.failed('n2', 1_000)
  suspensions.recovered('n2')
  expect(lasts(suspensions, 1_000)).toBe(0)
  suspensions.failed('n2', 2_000)
  expect(lasts(suspensions, 2_000)).toBe(1)
  suspensions.failed('n2', 33_000)
  expect(lasts(suspensions, 33_000)).toBe(1)
})
