import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ByteRate } from './byte-rate.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('a second’s worth may be moved at once, and grows back in a second', () => {
  const rate = new ByteRate(1_000)
  rate.spend(1_000)
  expect(rate.isOverdrawn).toBe(false)
  rate.spend(500)
  expect(rate.isOverdrawn).toBe(true)
  vi.advanceTimersByTime(500)
  expect(rate.isOverdrawn).toBe(false)
  vi.advanceTimersByTime(60_000)
  rate.spend(1_001)
  expect(rate.isOverdrawn).toBe(true)
})

test('who is more than a second behind is behind, and no longer than that', () => {
  const rate = new ByteRate(1_000)
  rate.spend(3_000)
  expect(rate.isBehind).toBe(true)
  vi.advanceTimersByTime(1_001)
  expect(rate.isBehind).toBe(false)
  rate.spend(1_000)
  expect(rate.isBehind).toBe(true)
  rate.spend(-1_000)
  expect(rate.isBehind).toBe(false)
})

test('those in line go on in turn, each when what went before is paid for', () => {
  const rate = new ByteRate(1_000)
  rate.spend(2_000)
  const wentOn: string[] = []
  const go = (name: string) => () => {
    wentOn.push(name)
    rate.spend(500)
  }
  for (const name of ['a', 'b', 'c']) rate.wait(go(name))
  vi.advanceTimersByTime(900)
  expect(wentOn).toEqual([])
  vi.advanceTimersByTime(101)
  expect(wentOn).toEqual(['a'])
  vi.advanceTimersByTime(501)
  expect(wentOn).toEqual(['a', 'b'])
  vi.advanceTimersByTime(501)
  expect(wentOn).toEqual(['a', 'b', 'c'])
})
