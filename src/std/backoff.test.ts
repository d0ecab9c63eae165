import { expect, test } from 'vitest'
import { Backoff } from './backoff.ts'

test('delays double up to the maximum, with jitter on top', () => {
  const backoff = new Backoff({ minMs: 100, maxMs: 1_000, jitter: 0.1 }, () => 0.5)
  const delays = Array.from({ length: 6 }, () => backoff.nextMs())
  expect(delays).toEqual([105, 210, 420, 840, 1_050, 1_050])
})

test('after a success the first delay is the smallest again', () => {
  const backoff = new Backoff({ minMs: 100, maxMs: 1_000, jitter: 0 }, () => 0)
  backoff.nextMs()
  backoff.nextMs()
  backoff.reset()
  expect(backoff.nextMs()).toBe(100)
})

test('a thousand failures do not overflow', () => {
  const backoff = new Backoff({ minMs: 100, maxMs: 15_000, jitter: 0 }, () => 0)
  for (let i = 0; i < 1_000; i++) backoff.nextMs()
  expect(backoff.nextMs()).toBe(15_000)
})
