import { format, inspect } from 'node:util'
import { expect, test } from 'vitest'
import { hidePasswords, SecretText } from './secret-text.ts'

const token = new SecretText('hunter2')

test.each([
  ['as a string', String(token)],
  ['joined', [token, ''].join()],
  ['as JSON', JSON.stringify({ token })],
  ['inspected', inspect({ nested: { token } }, { showHidden: true, depth: 9 })],
  ['formatted', format('%s %j %o', token, token, token)],
  ['taken apart', JSON.stringify(Object.entries(token))],
  ['copied', JSON.stringify(Object.assign({}, token))],
])('a secret is not shown %s', (_, shown) => {
  expect(shown).not.toContain('hunter2')
})

test('only reveal gives a secret away', () => {
  expect(token.reveal()).toBe('hunter2')
  expect([token.isSet, new SecretText('').isSet]).toEqual([true, false])
})

test.each([
  ['http://me:hunter2@proxy:3128/a', 'http://me:***@proxy:3128/a'],
  ['use http://a:b@c and //:d@e', 'use http://a:***@c and //:***@e'],
  ['http://proxy:3128/@here', 'http://proxy:3128/@here'],
  ['me:hunter2@proxy', 'me:hunter2@proxy'],
])('of the URL %s only %s is shown', (url, shown) => {
  expect(hidePasswords(url)).toBe(shown)
})
