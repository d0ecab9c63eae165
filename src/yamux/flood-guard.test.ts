import { expect, test } from 'vitest'
import { FLOOD_LIMITS, FloodGuard } from './flood-guard.ts'
import type { FloodKind } from './flood-guard.ts'

test.each(Object.entries(FLOOD_LIMITS) as [FloodKind, number][])(
  '%s: %d between two ticks, and not one more',
  (kind, max) => {
    const guard = new FloodGuard()
    for (let round = 0; round < 2; round++) {
      let admitted = 0
      while (guard.admits(kind)) admitted += 1
      expect(admitted).toBe(max)
      guard.tick()
    }
  },
)
