import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checksum } from './checksum.ts'
import { decodeMessage, MessageWriter } from './codec.ts'
import type { Mention } from './digest.ts'
import { NodeState } from './node-state.ts'

const HEAD = { kind: 'answer', proof: 0xdeadbeef, echo: 7 } as const

const mention: fc.Arbitrary<Mention> = fc.record({
  id: fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme-ascii' }),
  generation: fc.maxSafeNat(),
  life: fc.nat(),
  standing: fc.constantFrom('alive', 'dead', 'left'),
  version: fc.nat(),
  heartbeat: fc.maxSafeNat(),
})

function stateOf(keys: readonly string[]): NodeState {
  const state = new NodeState()
  for (const [index, key] of keys.entries()) {
    state.upsert(key, String(index))
    if (index % 3 === 2) state.delete(keys[index - 1] as string)
  }
  return state
}

const keyList = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { maxLength: 40 })

test('a message is read back as it was written', () => {
  fc.assert(
    fc.property(fc.array(mention), keyList, fc.nat({ max: 5 }), (mentions, keys, from) => {
      const writer = new MessageWriter(HEAD, 100_000)
      for (const one of mentions) writer.mention(one)
      const state = stateOf(keys)
      const readerVersion = Math.min(from, state.version)
      const owner = {
        id: 'n',
        generation: 1,
        life: 0,
        standing: 'alive',
        version: state.version,
        heartbeat: 3,
      } as const
      writer.section(owner, state, readerVersion)
      writer.markComplete()
      const message = decodeMessage(writer.finish())
      expect(message).toMatchObject({ ...HEAD, complete: true, syncAdvised: false, mentions })
      const [section] = message?.sections ?? []
      expect(section?.mention).toEqual(owner)
      expect(section?.delta).toMatchObject({ from: readerVersion, to: state.version })
      expect(section?.delta.entries).toEqual([...state.after(readerVersion)])
    }),
  )
})

/** Bytes with a true checksum before them, so that what follows is really looked at. */
function checked(body: readonly number[]): Uint8Array {
  const bytes = Uint8Array.from([0, 0, 0, 0, ...body])
  const sum = checksum(bytes, 4)
  for (let i = 0; i < 4; i++) bytes[i] = sum >>> (24 - 8 * i)
  return bytes
}

test('any bytes are a message or none, and nothing is thrown', () => {
  const head = [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
  const tag = fc.constantFrom(0x10, 0x11, 0x20, 0x24, 0x30, 0x31, 0x01, 0x02, 0x61)
  const likely = fc.array(fc.oneof(tag, fc.nat({ max: 255 })), { maxLength: 120 })
  let messages = 0
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), likely, (noise, items) => {
      expect(decodeMessage(noise)).toBeUndefined()
      decodeMessage(checked([...noise]))
      if (decodeMessage(checked([...head, ...items])) !== undefined) messages += 1
    }),
    { numRuns: 3_000 },
  )
  expect(messages).toBeGreaterThan(0)
})

test('sections whose versions do not grow or do not meet their ends are refused', () => {
  const owner = [0x01, 0x6e, 5, 0, 9, 1]
  const head = [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
  const entry = (step: number) => [0x30, step, 1, 0x61, 1, 0x31]
  const decode = (...items: number[]) => decodeMessage(checked([...head, 0x20, ...owner, ...items]))
  expect(decode(0, 0, ...entry(3), ...entry(6))?.sections[0]?.delta.to).toBe(9)
  expect(decode(0, 0, ...entry(3), ...entry(0))).toBeUndefined()
  expect(decode(0, 0, ...entry(3), ...entry(7))).toBeUndefined()
  expect(decode(0, 10, ...entry(3))).toBeUndefined()
})

test('a message with one byte bent, or cut anywhere, is none', () => {
  const writer = new MessageWriter(HEAD, 10_000)
  const state = stateOf(['a', 'b', 'c', 'd', 'e'])
  const { version } = state
  const sender = { id: 'n', generation: 5, life: 0, standing: 'alive', heartbeat: 1 } as const
  writer.section({ ...sender, version }, state, 0)
  const whole = writer.finish()
  expect(decodeMessage(whole)).toBeDefined()
  for (let at = 0; at < whole.length; at++) {
    expect(decodeMessage(whole.slice(0, at))).toBeUndefined()
    const bent = whole.slice()
    bent[at] = (bent[at] as number) ^ 0x10
    expect(decodeMessage(bent)).toBeUndefined()
  }
})

test('a section is cut at the limit to the byte, and the rest follows on', () => {
  const state = stateOf(Array.from({ length: 60 }, (_, index) => `endpoint:number-${index}`))
  const { version } = state
  const sender = { id: 'n', generation: 5, life: 0, standing: 'alive', heartbeat: 1 } as const
  for (let limit = 60; limit < 200; limit++) {
    const copy = new NodeState()
    for (let packets = 0; copy.version < version; packets++) {
      expect(packets).toBeLessThan(200)
      const writer = new MessageWriter(HEAD, limit)
      writer.section({ ...sender, version }, state, copy.version)
      const bytes = writer.finish()
      expect(bytes.length).toBeLessThanOrEqual(limit)
      for (const section of decodeMessage(bytes)?.sections ?? []) copy.apply(section.delta)
    }
    expect([...copy.entries()].filter(({ deleted }) => !deleted)).toHaveLength(state.liveSize)
  }
})

test('a snapshot that does not fit is not begun', () => {
  const state = stateOf(Array.from({ length: 60 }, (_, index) => `endpoint:number-${index}`))
  state.collect(state.version)
  const writer = new MessageWriter(HEAD, 200)
  const { version } = state
  const owner = {
    id: 'n',
    generation: 5,
    life: 0,
    standing: 'alive',
    version,
    heartbeat: 1,
  } as const
  expect(writer.section(owner, state, 10)).toBe(10)
  expect(writer.isEmpty).toBe(true)
})
