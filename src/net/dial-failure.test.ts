import { expect, test } from 'vitest'
import { isDialFailure } from './dial-failure.ts'

function failed(syscall: string): Error {
  return Object.assign(new Error(`${syscall} ECONNREFUSED`), { syscall })
}

test.each<[string, unknown, boolean]>([
  ['a connection that was refused', failed('connect'), true],
  ['a name that nobody knows', failed('getaddrinfo'), true],
  ['a connection that broke', failed('read'), false],
  ['a dial behind another error', new Error('lost', { cause: failed('connect') }), true],
  ['all addresses of a name', new AggregateError([failed('connect'), failed('connect')]), true],
  ['an address that could be dialled', new AggregateError([failed('connect'), new Error()]), false],
  ['no error at all', undefined, false],
])('a dial failure or not: %s', (_name, error, expected) => {
  expect(isDialFailure(error)).toBe(expected)
})
