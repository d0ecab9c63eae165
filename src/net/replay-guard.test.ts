import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KeyRing } from './key-ring.ts'
import { PacketSeal } from './packet-seal.ts'
import { ReplayGuard } from './replay-guard.ts'

const WINDOW = 1_024

test('each datagram is taken once, in whatever order they come, unless it is very late', () => {
  const steps = fc.array(fc.tuple(fc.nat(3), fc.nat(4_000)), { maxLength: 200 })
  fc.assert(
    fc.property(steps, (drawn) => {
      const guard = new ReplayGuard()
      const taken = new Set<number>()
      let highest = -1
      for (const [kind, number] of drawn) {
        const counter = kind === 0 ? number : Math.max(0, highest + (number % 40) - 20)
        const isFresh = !taken.has(counter) && counter > highest - WINDOW
        expect(guard.isFresh('a', counter)).toBe(isFresh)
        if (!isFresh) continue
        guard.take('a', counter)
        taken.add(counter)
        highest = Math.max(highest, counter)
      }
    }),
  )
})

test('a jump as long as the window forgets everything before it', () => {
  const guard = new ReplayGuard()
  guard.take('a', 0)
  guard.take('a', WINDOW)
  expect(guard.isFresh('a', 0)).toBe(false)
  expect(guard.isFresh('a', 1)).toBe(true)
  guard.take('a', 1_000 * WINDOW)
  expect(guard.isFresh('a', 1_000 * WINDOW - 1)).toBe(true)
  expect(guard.isFresh('a', WINDOW)).toBe(false)
})

test('senders are told apart, and the quietest of too many is forgotten', () => {
  const guard = new ReplayGuard()
  guard.take('quiet', 1)
  guard.take('loud', 1)
  expect(guard.isFresh('other', 1)).toBe(true)
  for (let i = 0; i < 4_095; i++) {
    guard.take(`sender ${i}`, 1)
    guard.take('loud', 2 + i)
  }
  expect(guard.senderCount).toBe(4_096)
  expect(guard.isFresh('quiet', 1)).toBe(true)
  expect(guard.isFresh('loud', 1)).toBe(false)
})

test('what was sealed is opened once, by every node but its sender', () => {
  const keys = new KeyRing(['s3cret'])
  const [sender, first, second] = [1, 2, 3].map(() => new PacketSeal(keys)) as [
    PacketSeal,
    PacketSeal,
    PacketSeal,
  ]
  const packet = Buffer.from('news')
  const sealed = sender.seal(packet)
  expect(first.open(sealed)).toEqual(packet)
  expect(second.open(sealed)).toEqual(packet)
  expect(first.open(sealed)).toBeUndefined()
  expect(sender.open(sealed)).toBeUndefined()
  expect([first.replays, second.replays, sender.replays]).toEqual([1, 0, 1])
})

test('a forged datagram does not take the place of the true one', () => {
  const keys = new KeyRing(['s3cret'])
  const sender = new PacketSeal(keys)
  const reader = new PacketSeal(keys)
  const sealed = sender.seal(Buffer.from('news'))
  const forged = Buffer.from(sealed)
  forged[forged.length - 1] = (forged.at(-1) as number) ^ 1
  expect(reader.open(forged)).toBeUndefined()
  expect(reader.replays).toBe(0)
  expect(reader.open(sealed)).toEqual(Buffer.from('news'))
})
