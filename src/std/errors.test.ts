import { expect, test } from 'vitest'
import { CodedError, describeError, errorCode, toError } from './errors.ts'

test('a chain of causes reads as one line', () => {
  const cause = new CodedError('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:1')
  const error = new CodedError('dial-failed', 'dial upstream', { cause })
  expect(describeError(error)).toBe('dial upstream: connect ECONNREFUSED 127.0.0.1:1')
  expect(errorCode(error)).toBe('dial-failed')
})

test('an aggregate of dials names each of them', () => {
  const error = new AggregateError([new Error('refused ::1'), new Error('refused 127.0.0.1')], '')
  expect(describeError(error)).toBe('refused ::1, refused 127.0.0.1')
})

test('anything thrown becomes an error', () => {
  expect(toError('text').message).toBe('text')
  expect(errorCode('text')).toBeUndefined()
  expect(errorCode({ code: 7 })).toBeUndefined()
})
