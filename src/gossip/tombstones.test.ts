import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TOMBSTONES_MAX } from './config.ts'
import { Tombstones, type Tombstone } from './tombstones.ts'

const ending = fc.record({
  id: fc.constant('n'),
  generation: fc.nat({ max: 4 }),
  life: fc.nat({ max: 4 }),
  left: fc.boolean(),
  address: fc.constant('10.0.0.1:1'),
  since: fc.constant(0),
})

function buried(endings: readonly Tombstone[]): boolean[] {
  const tombstones = new Tombstones()
  for (const one of endings) tombstones.bury(one)
  const covered: boolean[] = []
  for (let generation = 0; generation < 6; generation++) {
    for (let life = 0; life < 6; life++) covered.push(tombstones.covers('n', { generation, life }))
  }
  return covered
}

test('in whatever order ends are learned, the same incarnations are over', () => {
  const shuffled = fc
    .array(ending, { maxLength: 6 })
    .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })))
  fc.assert(
    fc.property(shuffled, ([endings, reordered]) => {
      expect(buried(reordered)).toEqual(buried(endings))
    }),
    { numRuns: 500 },
  )
})

test('a death ends one life and those before it, a farewell all lives of a process', () => {
  const tombstones = new Tombstones()
  const one = { address: '', since: 0, generation: 7 }
  tombstones.bury({ ...one, id: 'died', life: 2, left: false })
  tombstones.bury({ ...one, id: 'went', life: 0, left: true })
  expect(tombstones.covers('died', { generation: 7, life: 2 })).toBe(true)
  expect(tombstones.covers('died', { generation: 7, life: 3 })).toBe(false)
  expect(tombstones.covers('died', { generation: 6, life: 9 })).toBe(true)
  expect(tombstones.covers('went', { generation: 7, life: 9 })).toBe(true)
  expect(tombstones.covers('went', { generation: 8, life: 0 })).toBe(false)
})

test('the number is bounded, and the oldest make room', () => {
  const tombstones = new Tombstones()
  for (let i = 0; i < TOMBSTONES_MAX + 5; i++) {
    tombstones.bury({ id: `n${i}`, generation: 1, life: 0, left: false, address: '', since: i })
  }
  expect(tombstones.size).toBe(TOMBSTONES_MAX)
  expect(tombstones.get('n4')).toBeUndefined()
  tombstones.expire(10)
  expect(tombstones.get('n9')).toBeUndefined()
  expect(tombstones.get('n10')).toBeDefined()
})
