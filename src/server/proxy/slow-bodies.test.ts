import { expect, test } from 'vitest'
import { SlowBodies } from './slow-bodies.ts'
import type { IncomingBody, SlowBodyLimit } from './slow-bodies.ts'

/** A body that the test sends by hand, and what became of it. */
class Body implements IncomingBody {
  requestBytes = 0
  awaitsClient = true
  ended = 0

  tooSlow(): void {
    this.ended += 1
  }
}

function watched(limits: { idleMs: number; minRate: number }) {
  const exceeded: SlowBodyLimit[] = []
  const bodies = new SlowBodies({ ...limits, exceeded: (limit) => exceeded.push(limit) })
  const body = new Body()
  bodies.watch(body)
  const startMs = performance.now()
  const run = (seconds: number, each: (second: number) => void = () => {}) => {
    for (let second = 1; second <= seconds; second++) {
      each(second)
      bodies.tick(startMs + second * 1_000)
    }
  }
  return { bodies, body, exceeded, run }
}

test('a body that stands still for too long is ended, once', () => {
  const { body, exceeded, run } = watched({ idleMs: 10_000, minRate: 0 })
  run(40)
  expect(exceeded).toEqual(['read_timeout'])
  expect(body.ended).toBe(1)
})

test('a body that moves is never cut, however long it takes', () => {
  const { body, exceeded, run } = watched({ idleMs: 10_000, minRate: 0 })
  run(3_600, (second) => {
    if (second % 9 === 0) body.requestBytes += 1
  })
  expect(exceeded).toEqual([])
})

test('a body below the least rate is ended where there is one', () => {
  const fast = watched({ idleMs: 10_000, minRate: 100 })
  fast.run(300, () => (fast.body.requestBytes += 101))
  expect(fast.exceeded).toEqual([])
  const slow = watched({ idleMs: 10_000, minRate: 100 })
  slow.run(300, () => (slow.body.requestBytes += 99))
  expect(slow.exceeded).toEqual(['min_body_rate'])
})

test('a new limit is for the bodies under way, too', () => {
  const { bodies, exceeded, run } = watched({ idleMs: 0, minRate: 0 })
  run(40)
  bodies.configure({ idleMs: 10_000, minRate: 0 })
  run(41)
  expect(exceeded).toEqual(['read_timeout'])
})

test('a client that waits for the upstream is not to blame', () => {
  const { body, exceeded, run } = watched({ idleMs: 10_000, minRate: 100 })
  body.awaitsClient = false
  run(300)
  expect(exceeded).toEqual([])
})

test('without limits nothing is ended, and what is over is forgotten', () => {
  const unlimited = watched({ idleMs: 0, minRate: 0 })
  unlimited.run(3_600)
  expect(unlimited.exceeded).toEqual([])
  const over = watched({ idleMs: 1_000, minRate: 0 })
  over.bodies.forget(over.body)
  over.run(10)
  expect(over.exceeded).toEqual([])
})
