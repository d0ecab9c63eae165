import { expect, test } from 'vitest'
import { seededRandom } from '../std/prng.ts'
import { DEFAULT_GOSSIP, ENTRIES_PER_NODE_MAX, type GossipConfig } from './config.ts'
import type { Mention } from './digest.ts'
import { LocalNode } from './local-node.ts'

const config: GossipConfig = {
  ...DEFAULT_GOSSIP,
  address: '10.0.0.1:8003',
  generation: 100,
  join: [],
}

function newNode(): LocalNode {
  const node = new LocalNode('n', config, seededRandom(1))
  node.upsert('endpoint:shop', '2')
  return node
}

function seen(changes: Partial<Mention>): Mention {
  return {
    id: 'n',
    generation: 100,
    life: 0,
    standing: 'alive',
    version: 2,
    heartbeat: 1,
    ...changes,
  }
}

test('a node that is held dead takes its next life and keeps its history', () => {
  const node = newNode()
  const { state } = node
  node.hear(seen({ standing: 'dead', version: 0 }))
  expect(node.life).toBe(0)
  expect(node.rebirth(0)).toBe(true)
  expect([node.generation, node.life]).toEqual([100, 1])
  expect(node.state).toBe(state)
})

test.each([
  ['a later generation', seen({ generation: 105 })],
  ['a later generation that is dead', seen({ generation: 105, standing: 'dead' })],
  ['that it left', seen({ standing: 'left' })],
  ['changes that it never made', seen({ version: 3 })],
  ['a life that it never had', seen({ life: 1 })],
])('a node that hears of %s takes a later generation, with the same keys', (_what, mention) => {
  const node = newNode()
  node.upsert('endpoint:gone', '1')
  node.delete('endpoint:gone', 0)
  node.hear({ ...mention, version: mention.version === 3 ? 5 : mention.version })
  expect(node.rebirth(0)).toBe(true)
  expect(node.generation).toBeGreaterThan(mention.generation)
  expect([...node.state.entries()].map(({ key, value }) => [key, value])).toEqual([
    ['_address', '10.0.0.1:8003'],
    ['endpoint:shop', '2'],
  ])
})

test.each([
  ['what is known', seen({})],
  ['an earlier generation', seen({ generation: 99, standing: 'left' })],
  ['the death of an earlier life', seen({ standing: 'dead', generation: 99, life: 7 })],
  ['a generation beyond sense', seen({ generation: Number.MAX_SAFE_INTEGER })],
])('a node that hears %s stays what it is', (_what, mention) => {
  const node = newNode()
  node.hear(mention)
  expect(node.rebirth(0)).toBe(false)
})

test('two processes under one id outbid each other ever more slowly', () => {
  const node = newNode()
  const times: number[] = []
  for (let time = 0; time < 100_000; time += 50) {
    node.hear(seen({ generation: node.generation + 1 }))
    if (node.rebirth(time)) times.push(time)
  }
  expect(times.length).toBeLessThan(12)
})

test('two processes that overtake the same generation do not meet on the next one', () => {
  const taken = [1, 2].map((seed) => {
    const node = new LocalNode('n', config, seededRandom(seed))
    node.hear(seen({ generation: 105 }))
    node.rebirth(0)
    return node.generation
  })
  expect(taken[0]).not.toBe(taken[1])
})

test('deletions are forgotten when their time is over', () => {
  const node = newNode()
  node.delete('endpoint:shop', 1_000)
  node.collect(1_000 + config.deletedKeyMs - 1)
  expect(node.state.size).toBe(2)
  node.collect(1_000 + config.deletedKeyMs)
  expect(node.state.size).toBe(1)
})

test('a full node refuses further keys, but forgets deletions before it does', () => {
  const node = new LocalNode('n', config, seededRandom(1))
  for (let i = 1; i < ENTRIES_PER_NODE_MAX; i++) expect(node.upsert(`k${i}`, '1')).toBe(true)
  expect(node.upsert('one-more', '1')).toBe(false)
  expect(node.upsert('k7', '2')).toBe(true)
  node.delete('k8', 0)
  expect(node.upsert('one-more', '1')).toBe(true)
})

test('keys that gossip keeps for itself, and too long ones, are a mistake of the caller', () => {
  const node = newNode()
  expect(() => node.upsert('_address', 'x')).toThrow('belongs to gossip')
  expect(() => node.upsert('k'.repeat(600), 'x')).toThrow('too long')
})
