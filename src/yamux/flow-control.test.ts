import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ReceiveWindow, SendWindow } from './flow-control.ts'
import { INITIAL_WINDOW_BYTES, UINT32_MAX } from './frame.ts'

test('a send window is what was granted less what was taken, and never above 2^32 − 1', () => {
  const step = fc.record({
    grant: fc.integer({ min: 0, max: UINT32_MAX }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const window = new SendWindow()
      let model = INITIAL_WINDOW_BYTES
      for (const { grant, share } of steps) {
        const count = Math.floor(model * share)
        window.take(count)
        window.grant(grant)
        model = Math.min(UINT32_MAX, model - count + grant)
        expect(window.available).toBe(model)
      }
    }),
  )
})

test('the last byte of a send window may be used, and not one more', () => {
  const window = new SendWindow()
  window.take(INITIAL_WINDOW_BYTES)
  expect(window.available).toBe(0)
  expect(() => window.take(1)).toThrow('keeps to its window')
})

test('what a peer may send and what is held or owed always add up to the window', () => {
  const sizes = fc.integer({ min: 1, max: 1_000 })
  const steps = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 1_200 })))
  fc.assert(
    fc.property(sizes, steps, (sizeBytes, moves) => {
      const window = new ReceiveWindow(sizeBytes)
      let left = sizeBytes
      let held = 0
      let owed = 0
      for (const [isReceiving, byteCount] of moves) {
        if (isReceiving) {
          expect(window.reserve(byteCount)).toBe(byteCount <= left)
          if (byteCount > left) continue
          window.deliver(byteCount)
          left -= byteCount
          held += byteCount
        } else {
          const count = Math.min(byteCount, held)
          const credit = window.consume(count)
          held -= count
          owed += count
          expect(credit).toBe(owed * 2 >= sizeBytes ? owed : 0)
          left += credit
          owed -= credit
        }
        expect(window.heldBytes).toBe(held)
        expect(left + held + owed).toBe(sizeBytes)
      }
    }),
  )
})

test('a peer that consumes everything is never left without credit', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000 }), fc.infiniteStream(fc.nat()), (size, shares) => {
      const window = new ReceiveWindow(size)
      let credit = size
      for (let round = 0; round < 50; round++) {
        const count = 1 + (shares.next().value % credit)
        expect(window.reserve(count)).toBe(true)
        window.deliver(count)
        credit += window.consume(count) - count
        expect(credit).toBeGreaterThan(0)
      }
    }),
  )
})

test('more than was delivered cannot be consumed', () => {
  const window = new ReceiveWindow(10)
  window.reserve(2)
  window.deliver(2)
  expect(() => window.consume(3)).toThrow('only delivered bytes')
})
