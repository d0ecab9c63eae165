import fc from 'fast-check'
import { expect, test } from 'vitest'
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

test('any bytes are a message or none, and nothing is thrown', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(decodeMessage(bytes)).toBeUndefined()
    }),
    { numRuns: 2_000 },
  )
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
