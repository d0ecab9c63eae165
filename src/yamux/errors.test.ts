import { expect, test } from 'vitest'
import { goAwayCodeOf, YAMUX_ERRORS, YamuxError } from './errors.ts'
import type { YamuxErrorCode } from './errors.ts'

const codes = Object.keys(YAMUX_ERRORS) as YamuxErrorCode[]

test('only the end of a session is told by GoAway, and never as a normal one', () => {
  const told = codes.filter((code) => goAwayCodeOf(new YamuxError(code)) !== undefined)
  expect(told).toEqual(['protocol', 'flood', 'keep-alive-timeout'])
  for (const code of told) {
    expect(YAMUX_ERRORS[code].ends).toBe('session')
    expect(goAwayCodeOf(new YamuxError(code))).toBeGreaterThan(0)
  }
})

test('an error says its code’s text unless it is given a better one', () => {
  const cause = new Error('EPIPE')
  expect(new YamuxError('refused').message).toBe('the peer did not take the stream')
  const error = new YamuxError('connection-lost', 'socket gone', { cause })
  expect([error.code, error.message, error.cause]).toEqual([
    'connection-lost',
    'socket gone',
    cause,
  ])
})
