import { expect, test } from 'vitest'
import { seededRandom } from '../std/prng.ts'
import { PeerWalk } from './peer-walk.ts'

test('everybody is visited once before anybody is visited twice', () => {
  const walk = new PeerWalk(seededRandom(1))
  const ids = ['a', 'b', 'c', 'd', 'e']
  for (let round = 0; round < 20; round++) {
    const visited = ids.map(() =>
      walk.next(
        () => ids,
        () => true,
      ),
    )
    expect(new Set(visited)).toEqual(new Set(ids))
  }
})

test('those who are not welcome are passed over, and an empty world ends the walk', () => {
  const walk = new PeerWalk(seededRandom(1))
  const next = (ids: readonly string[]) =>
    walk.next(
      () => ids,
      (id) => id !== 'b',
    )
  expect(next(['a', 'b'])).toBe('a')
  expect(next(['b'])).toBeUndefined()
  expect(next([])).toBeUndefined()
})
