import { expect, test } from 'vitest'
import { BanList } from './ban-list.ts'

const FIRST_MS = 10_000

test('a ban has its time, and its record as long again', () => {
  const list = new BanList(FIRST_MS)
  expect(list.leftMs('a', 0)).toBe(0)
  list.ban('a', 0)
  list.ban('a', 5_000)
  expect([1, 9_999, 10_000].map((nowMs) => list.leftMs('a', nowMs))).toEqual([9_999, 1, 0])
  expect([list.isOnRecord('a', 19_999), list.isOnRecord('b', 0)]).toEqual([true, false])
  expect(list.isOnRecord('a', 20_000)).toBe(false)
})

test('who comes back and does the same is banned for twice as long, up to eight times', () => {
  const list = new BanList(FIRST_MS)
  let nowMs = 0
  const lengths = Array.from({ length: 6 }, () => {
    list.ban('a', nowMs)
    const lengthMs = list.leftMs('a', nowMs)
    nowMs += lengthMs
    return lengthMs
  })
  expect(lengths).toEqual([10_000, 20_000, 40_000, 80_000, 80_000, 80_000])
  list.ban('a', nowMs + 80_000)
  expect(list.leftMs('a', nowMs + 80_000)).toBe(FIRST_MS)
})

test('of more than ten thousand the first is forgotten', () => {
  const list = new BanList(FIRST_MS)
  for (let i = 0; i <= 10_000; i++) list.ban(`${i}`, 0)
  expect([list.leftMs('0', 0), list.leftMs('1', 0)]).toEqual([0, FIRST_MS])
})
