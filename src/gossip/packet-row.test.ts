import { expect, test } from 'vitest'
import { decodeMessage } from './codec.ts'
import type { Mention } from './digest.ts'
import { NodeState } from './node-state.ts'
import { PacketRow } from './packet-row.ts'

const HEAD = { kind: 'push', proof: 1, echo: 2 } as const

function bigState(): NodeState {
  const state = new NodeState()
  for (let i = 0; i < 100; i++) state.upsert(`endpoint:number-${i}`, '1')
  return state
}

function mentionOf(state: NodeState): Mention {
  const { version } = state
  return { id: 'n', generation: 1, life: 0, standing: 'alive', version, heartbeat: 1 }
}

test('a section goes on in the next packets from where it was cut', () => {
  const state = bigState()
  const row = new PacketRow(HEAD, { bytesMax: 500, packetsMax: 20 })
  expect(row.section(mentionOf(state), state, 0)).toBe(true)
  const copy = new NodeState()
  const packets = row.finish()
  expect(packets.length).toBeGreaterThan(3)
  for (const packet of packets) {
    expect(packet.length).toBeLessThanOrEqual(500)
    for (const { delta } of decodeMessage(packet)?.sections ?? []) copy.apply(delta)
  }
  expect(copy.version).toBe(state.version)
})

test('what has no room in the row is left for the next exchange', () => {
  const state = bigState()
  const row = new PacketRow(HEAD, { bytesMax: 500, packetsMax: 2 })
  expect(row.section(mentionOf(state), state, 0)).toBe(false)
  const packets = row.finish().map((packet) => decodeMessage(packet))
  expect(packets).toHaveLength(2)
  expect(packets.some((packet) => packet?.syncAdvised)).toBe(false)
})

test.each([
  ['an empty row', 0],
  ['a row that says something already', 1],
])('%s advises a stream for a snapshot that it cannot hold', (_what, mentions) => {
  const state = bigState()
  state.collect(state.version)
  const row = new PacketRow(HEAD, { bytesMax: 500, packetsMax: 1 })
  for (let i = 0; i < mentions; i++) row.mention(mentionOf(state))
  expect(row.section(mentionOf(state), state, 0)).toBe(false)
  expect(row.isEmpty).toBe(false)
  expect(row.finish().map((packet) => decodeMessage(packet)?.syncAdvised)).toEqual([true])
})
