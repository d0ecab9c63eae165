import { expect, test } from 'vitest'
import { KeepAlive } from './keep-alive.ts'
import type { Pulse } from './keep-alive.ts'

/** Ticks each second up to `untilMs`, and tells what was not quiet. */
function run(keepAlive: KeepAlive, fromMs: number, untilMs: number): Record<number, Pulse> {
  const pulses: Record<number, Pulse> = {}
  for (let nowMs = fromMs; nowMs <= untilMs; nowMs += 1_000) {
    const pulse = keepAlive.tick(nowMs)
    if (pulse !== 'quiet') pulses[nowMs] = pulse
    if (pulse === 'dead') break
  }
  return pulses
}

test('a silent peer is pinged after the interval and given up after the timeout', () => {
  const keepAlive = new KeepAlive(30_000, 10_000, 0)
  expect(run(keepAlive, 1_000, 100_000)).toEqual({ 30_000: 'ping', 40_000: 'dead' })
})

test('any byte answers a ping', () => {
  const keepAlive = new KeepAlive(30_000, 10_000, 0)
  run(keepAlive, 1_000, 39_000)
  keepAlive.heard(39_500)
  expect(run(keepAlive, 40_000, 79_000)).toEqual({ 70_000: 'ping' })
})

test('a peer that is heard of is never pinged', () => {
  const keepAlive = new KeepAlive(30_000, 10_000, 0)
  for (let nowMs = 1_000; nowMs < 200_000; nowMs += 1_000) {
    if (nowMs % 29_000 === 0) keepAlive.heard(nowMs)
    expect(keepAlive.tick(nowMs)).toBe('quiet')
  }
})

test('a process that slept does not condemn its peer for it', () => {
  const keepAlive = new KeepAlive(30_000, 10_000, 0)
  run(keepAlive, 1_000, 31_000)
  expect(keepAlive.tick(600_000)).toBe('quiet')
  keepAlive.heard(600_001)
  expect(keepAlive.tick(601_000)).toBe('quiet')
})
