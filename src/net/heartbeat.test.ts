import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Heartbeat } from './heartbeat.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

const member = () => ({ ticks: 0, tick: vi.fn<(nowMs: number) => void>() })

test('each member is ticked once a second', () => {
  const heartbeat = new Heartbeat()
  const members = Array.from({ length: 50 }, member)
  for (const each of members) heartbeat.add(each)
  vi.advanceTimersByTime(3_000)
  expect(members.map(({ tick }) => tick.mock.calls.length)).toEqual(members.map(() => 3))
})

test('the members are spread over the second', () => {
  const heartbeat = new Heartbeat()
  const members = Array.from({ length: 100 }, member)
  for (const each of members) heartbeat.add(each)
  const ticked = () => members.reduce((sum, { tick }) => sum + tick.mock.calls.length, 0)
  for (let beat = 1; beat <= 20; beat++) {
    vi.advanceTimersByTime(50)
    expect(ticked()).toBe(beat * 5)
  }
})

test('who left is not ticked, and leaving twice is nothing', () => {
  const heartbeat = new Heartbeat()
  const [stays, leaves] = [member(), member()]
  heartbeat.add(stays)
  const leave = heartbeat.add(leaves)
  leave()
  leave()
  vi.advanceTimersByTime(1_000)
  expect([stays.tick.mock.calls.length, leaves.tick.mock.calls.length]).toEqual([1, 0])
})

test('without members there is no timer', () => {
  const heartbeat = new Heartbeat()
  expect(vi.getTimerCount()).toBe(0)
  const leave = heartbeat.add(member())
  expect(vi.getTimerCount()).toBe(1)
  leave()
  expect(vi.getTimerCount()).toBe(0)
  heartbeat.add(member())
  expect(vi.getTimerCount()).toBe(1)
})
