import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Roster } from './roster.ts'

test('it holds what was added and not removed, whatever the order', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 200 }), (picks) => {
      const people = Array.from({ length: 21 }, () => ({ seat: 0 }))
      const roster = new Roster<{ seat: number }>()
      const model = new Set<object>()
      for (const pick of picks) {
        const person = people[pick] as { seat: number }
        if (model.delete(person)) {
          roster.remove(person)
        } else {
          model.add(person)
          roster.add(person)
        }
      }
      expect(roster.size).toBe(model.size)
      expect(new Set(roster.members())).toEqual(model)
    }),
  )
})

test('removing one that is not there changes nothing', () => {
  const roster = new Roster<{ seat: number; name: string }>()
  roster.add({ seat: 0, name: 'a' })
  roster.remove({ seat: 0, name: 'b' })
  expect(roster.members().map(({ name }) => name)).toEqual(['a'])
})
