import { expect, test } from 'vitest'
import { fieldCount, fieldValue, fieldValues, listMembers, withoutField } from './fields.ts'

const FIELDS = ['Accept', 'a', 'X-Other', 'b', 'ACCEPT', 'c, \t D ,,e', 'accept', '']

test('a field is found whatever its case, and the first one wins', () => {
  expect(fieldValue(FIELDS, 'accept')).toBe('a')
  expect(fieldValue(FIELDS, 'x-other')).toBe('b')
})

test('a value is never taken for a name', () => {
  expect(fieldValue(['x', 'host', 'y', 'host'], 'host')).toBeUndefined()
})

test('every field of a name is seen, in order', () => {
  expect(fieldValues(FIELDS, 'accept')).toEqual(['a', 'c, \t D ,,e', ''])
  expect(fieldCount(FIELDS, 'accept')).toBe(3)
  expect(fieldCount(FIELDS, 'absent')).toBe(0)
})

test('a field is taken out in all its lines and cases, the others stay in order', () => {
  const fields = ['A', '1', 'Trailer', 'x', 'b', '2', 'trailer', 'y', 'A', '3']
  expect(withoutField(fields, 'trailer')).toEqual(['A', '1', 'b', '2', 'A', '3'])
})

test('list members come from all lines, trimmed, lower-cased and without empty ones', () => {
  expect(listMembers(FIELDS, 'accept')).toEqual(['a', 'c', 'd', 'e'])
})

test('a no-break space belongs to its list member', () => {
  expect(listMembers(['Connection', '\xa0upgrade'], 'connection')).toEqual(['\xa0upgrade'])
})

test('a member of nothing but blanks in a long list costs no more than its length', () => {
  const value = `a${' '.repeat(60_000)}b`
  expect(listMembers(['Connection', value], 'connection')).toEqual([value])
})
