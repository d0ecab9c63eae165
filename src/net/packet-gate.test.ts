import { expect, test } from 'vitest'
import { PacketGate } from './packet-gate.ts'

test('above the limit only known addresses pass, until the next second', () => {
  const gate = new PacketGate(3, () => ['10.0.0.1:8003'])
  const admitted = (from: string, nowMs: number) => gate.admits(from, nowMs)
  expect([1, 2, 3, 4].map(() => admitted('stranger', 0))).toEqual([true, true, true, false])
  expect(admitted('10.0.0.1:8003', 500)).toBe(true)
  expect(admitted('stranger', 999)).toBe(false)
  expect(admitted('stranger', 1_000)).toBe(true)
})

test('who is known is asked once a second at most, and only in a flood', () => {
  let asked = 0
  const gate = new PacketGate(1, () => {
    asked += 1
    return []
  })
  gate.admits('a', 0)
  expect(asked).toBe(0)
  for (let i = 0; i < 100; i++) gate.admits('a', 1)
  expect(asked).toBe(1)
})
