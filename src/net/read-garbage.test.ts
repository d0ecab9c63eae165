import { expect, test } from 'vitest'
import { ReadGarbage } from './read-garbage.ts'

const MEBIBYTE = 1024 * 1024

/** Drops a mebibyte at a time and returns how many are still there at the end. */
function churn(garbage: ReadGarbage): number {
  const before = process.memoryUsage().arrayBuffers
  for (let i = 0; i < 48; i++) {
    Buffer.allocUnsafeSlow(MEBIBYTE)
    garbage.add(MEBIBYTE)
  }
  return (process.memoryUsage().arrayBuffers - before) / MEBIBYTE
}

test('buffers are collected before they pile up', () => {
  expect(churn(ReadGarbage.collected())).toBeLessThan(32)
})
