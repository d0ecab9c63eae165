import { afterEach, expect, test, vi } from 'vitest'

afterEach(() => vi.resetModules())

const MEBIBYTE = 1024 * 1024

/** Drops a mebibyte at a time and returns how many are still there at the end. */
function churn(readInto: (length: number) => void): number {
  const before = process.memoryUsage().arrayBuffers
  for (let i = 0; i < 48; i++) {
    Buffer.allocUnsafeSlow(MEBIBYTE)
    readInto(MEBIBYTE)
  }
  return (process.memoryUsage().arrayBuffers - before) / MEBIBYTE
}

test('buffers that were read into are collected before they pile up', async () => {
  const { collectReadBuffers, readInto } = await import('./read-garbage.ts')
  collectReadBuffers()
  expect(churn(readInto)).toBeLessThan(32)
})

test('a program that does not ask for it keeps its own garbage collection', async () => {
  const { readInto } = await import('./read-garbage.ts')
  expect(() => readInto(64 * MEBIBYTE)).not.toThrow()
})
