import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NodeState, type StateDelta } from './node-state.ts'

function deltaFrom(owner: NodeState, readerVersion: number, limit = Infinity): StateDelta {
  const from = readerVersion < owner.collected ? 0 : readerVersion
  const all = [...owner.after(from)]
  const entries = all.slice(0, limit)
  const isWhole = entries.length === all.length
  const to = isWhole ? owner.version : (entries.at(-1)?.version ?? from)
  return { from, to, collected: owner.collected, entries }
}

function live(state: NodeState): Map<string, string> {
  const entries = [...state.entries()].filter((entry) => !entry.deleted)
  return new Map(entries.map(({ key, value }) => [key, value]))
}

const KEYS = ['a', 'b', 'c', 'd', 'e'] as const

interface Op {
  readonly kind: 'set' | 'delete' | 'collect' | 'carry'
  readonly key: string
  readonly n: number
}

const op: fc.Arbitrary<Op> = fc.record({
  kind: fc.constantFrom('set', 'set', 'delete', 'collect', 'carry'),
  key: fc.constantFrom(...KEYS),
  n: fc.nat({ max: 9 }),
})

test('whatever is changed, forgotten and carried in parts, a copy ends up like its owner', () => {
  fc.assert(
    fc.property(fc.array(op, { maxLength: 120 }), (ops) => {
      const owner = new NodeState()
      const copy = new NodeState()
      const model = new Map<string, string>()
      const seen = new Map<string, string>()
      const carry = (limit: number) => {
        const before = copy.version
        for (const entry of copy.apply(deltaFrom(owner, copy.version, limit))) {
          if (entry.deleted) seen.delete(entry.key)
          else seen.set(entry.key, entry.value)
        }
        expect(copy.version).toBeGreaterThanOrEqual(before)
        expect(live(copy)).toEqual(seen)
      }
      for (const { kind, key, n } of ops) {
        if (kind === 'set') {
          owner.upsert(key, String(n))
          model.set(key, String(n))
        } else if (kind === 'delete') {
          owner.delete(key)
          model.delete(key)
        } else if (kind === 'collect') owner.collect(Math.floor((owner.version * n) / 9))
        else carry(n + 1)
        expect(live(owner)).toEqual(model)
        expect(owner.liveSize).toBe(model.size)
      }
      carry(Infinity)
      expect(live(copy)).toEqual(model)
      expect(copy.version).toBe(owner.version)
    }),
    { numRuns: 500 },
  )
})

test('setting a key to what it is and deleting what is not there are no changes', () => {
  const state = new NodeState()
  state.upsert('a', '1')
  expect(state.upsert('a', '1')).toBeUndefined()
  expect(state.delete('b')).toBeUndefined()
  expect(state.version).toBe(1)
})

test('a delta beyond a gap waits, one of old news is ignored', () => {
  const owner = new NodeState()
  for (let i = 0; i < 6; i++) owner.upsert(`k${i}`, '1')
  const copy = new NodeState()
  expect(copy.apply(deltaFrom(owner, 3))).toEqual([])
  copy.apply(deltaFrom(owner, 0))
  expect(copy.apply(deltaFrom(owner, 2))).toEqual([])
  expect(copy.version).toBe(6)
})

test('a copy that missed a forgotten deletion takes a snapshot and tells the difference', () => {
  const owner = new NodeState()
  owner.upsert('stays', '1')
  owner.upsert('goes', '1')
  const copy = new NodeState()
  copy.apply(deltaFrom(owner, 0))
  owner.delete('goes')
  owner.upsert('comes', '1')
  owner.collect(3)
  const changed = copy.apply(deltaFrom(owner, copy.version))
  expect(changed.map(({ key, deleted }) => [key, deleted])).toEqual([
    ['goes', true],
    ['comes', false],
  ])
})

test('a snapshot clears what the copy held as deleted, too', () => {
  const owner = new NodeState()
  owner.upsert('key', '1')
  owner.delete('key')
  const copy = new NodeState()
  copy.apply(deltaFrom(owner, 0))
  owner.upsert('key', '2')
  owner.delete('key')
  owner.collect(owner.version)
  copy.apply(deltaFrom(owner, copy.version))
  expect([...copy.entries()]).toEqual([])
})

test('forgetting deletions moves no version', () => {
  const owner = new NodeState()
  owner.upsert('a', '1')
  owner.upsert('b', '1')
  owner.delete('b')
  const before = [...owner.after(0)].filter((entry) => !entry.deleted)
  owner.collect(3)
  expect([...owner.after(0)]).toEqual(before)
  expect(owner.version).toBe(3)
})

test('ten thousand changes of one key take no more room than a few', () => {
  const state = new NodeState()
  for (let i = 0; i < 10_000; i++) state.upsert('hot', String(i))
  expect([...state.after(0)]).toHaveLength(1)
  expect([...state.after(9_999)].map(({ value }) => value)).toEqual(['9999'])
})
