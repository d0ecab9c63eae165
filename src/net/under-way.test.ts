import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { UnderWay } from './under-way.ts'
import type { Timed } from './under-way.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }))
afterEach(() => void vi.useRealTimers())

function timed(dueMs = Number.POSITIVE_INFINITY, expired = () => {}): Timed {
  return { seat: 0, dueMs, expired }
}

test('it holds what was added and not removed, whatever the order', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 200 }), (picks) => {
      const people = Array.from({ length: 21 }, () => timed())
      const underWay = new UnderWay()
      const model = new Set<Timed>()
      for (const pick of picks) {
        const person = people[pick] as Timed
        if (model.delete(person)) {
          underWay.remove(person)
        } else {
          model.add(person)
          underWay.add(person)
        }
      }
      expect(underWay.size).toBe(model.size)
      expect(new Set(underWay.members())).toEqual(model)
    }),
  )
})

test('removing one that is not there changes nothing', () => {
  const underWay = new UnderWay()
  const member = timed()
  underWay.add(member)
  underWay.remove(timed())
  expect(underWay.members()).toEqual([member])
})

test('each is told once when its time has come, unless it was removed or has no time', () => {
  const log: string[] = []
  const underWay = new UnderWay()
  const nowMs = performance.now()
  const removed = timed(nowMs + 300, () => log.push('removed'))
  underWay.add(timed(nowMs + 1_000, () => log.push('late')))
  underWay.add(timed(nowMs + 300, () => log.push('early')))
  underWay.add(timed(Number.POSITIVE_INFINITY, () => log.push('never')))
  underWay.add(removed)
  underWay.remove(removed)
  vi.advanceTimersByTime(299)
  expect(log).toEqual([])
  vi.advanceTimersByTime(200)
  expect(log).toEqual(['early'])
  vi.advanceTimersByTime(5_000)
  expect(log).toEqual(['early', 'late'])
})

test('a time that is put off is looked at anew', () => {
  const log: string[] = []
  const underWay = new UnderWay()
  const member = timed(performance.now() + 300, () => log.push('expired'))
  underWay.add(member)
  vi.advanceTimersByTime(200)
  member.dueMs = performance.now() + 300
  vi.advanceTimersByTime(250)
  expect(log).toEqual([])
  vi.advanceTimersByTime(250)
  expect(log).toEqual(['expired'])
})

test('with nothing under way no timer runs', () => {
  const underWay = new UnderWay()
  const member = timed()
  underWay.add(member)
  underWay.remove(member)
  vi.advanceTimersByTime(300)
  expect(vi.getTimerCount()).toBe(0)
})
