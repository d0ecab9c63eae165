import fc from 'fast-check'
import { expect, test } from 'vitest'
import { IdMap } from './id-map.ts'

test('members are found by their id until they are deleted', () => {
  const map = new IdMap<{ id: number }>()
  expect(map.get(2)).toBeUndefined()
  expect(map.delete(2)).toBe(false)
  const member = { id: 2 }
  map.add(member)
  expect(map.get(2)).toBe(member)
  expect(map.get(4)).toBeUndefined()
  expect(map.delete(2)).toBe(true)
  expect(map.get(2)).toBeUndefined()
  expect(map.size).toBe(0)
})

test('it answers as a Map does, whatever is added and deleted in whatever order', () => {
  const id = fc.oneof(fc.nat(200), fc.integer({ min: 0, max: 0xffff_ffff }))
  fc.assert(
    fc.property(fc.array(id, { maxLength: 600 }), (ids) => {
      const map = new IdMap<{ id: number }>()
      const model = new Map<number, { id: number }>()
      for (const picked of ids) {
        if (model.has(picked)) {
          expect(map.delete(picked)).toBe(model.delete(picked))
        } else {
          const member = { id: picked }
          model.set(picked, member)
          map.add(member)
        }
        expect(map.size).toBe(model.size)
      }
      for (const picked of ids) expect(map.get(picked)).toBe(model.get(picked))
      expect(new Set(map.members())).toEqual(new Set(model.values()))
    }),
  )
})

test('members that want the same slot give it back in any order', () => {
  const map = new IdMap<{ id: number }>()
  // With 64 slots, all of these want the first one.
  for (const id of [0, 128, 256]) map.add({ id })
  map.delete(0)
  expect(map.get(128)).toEqual({ id: 128 })
  map.delete(128)
  expect(map.get(256)).toEqual({ id: 256 })
})
