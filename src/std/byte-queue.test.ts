import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteQueue } from './byte-queue.ts'

test('whatever the chunks and the cuts, the bytes come out in order and are counted', () => {
  const chunk = fc.uint8Array({ maxLength: 40 })
  const step = fc.oneof(chunk, fc.integer({ min: 1, max: 60 }))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const queue = new ByteQueue()
      const model: number[] = []
      for (const next of steps) {
        if (typeof next !== 'number') {
          queue.push(next)
          model.push(...next)
        } else if (queue.byteLength > 0) {
          const run = queue.shift(next)
          expect(run.length).toBeLessThanOrEqual(next)
          expect([...run]).toEqual(model.splice(0, run.length))
        }
        expect(queue.byteLength).toBe(model.length)
      }
    }),
  )
})

test('an empty chunk is nothing', () => {
  const queue = new ByteQueue()
  queue.push(new Uint8Array(0))
  expect(queue.byteLength).toBe(0)
  expect(() => queue.shift(1)).toThrow('shift needs bytes')
})

test('clear leaves an empty queue that can be used again', () => {
  const queue = new ByteQueue()
  queue.push(Uint8Array.of(1, 2, 3))
  queue.shift(1)
  queue.clear()
  expect(queue.byteLength).toBe(0)
  queue.push(Uint8Array.of(9))
  expect([...queue.shift(5)]).toEqual([9])
})
