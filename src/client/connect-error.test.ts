import { expect, test } from 'vitest'
import { DialError } from '../net/websocket-dial.ts'
import { connectError } from './connect-error.ts'
import { PikoError } from './piko-error.ts'

test('only answers that can change are worth another try', () => {
  const statuses = Array.from({ length: 500 }, (_, i) => 100 + i)
  const retryable = statuses.filter(
    (status) => connectError(new DialError('status', 'text', { status })).retryable,
  )
  expect(retryable).toEqual([408, 429, 500, 502, 503, 504])
})

test("a refusal keeps the server's status and words", () => {
  const error = connectError(new DialError('status', '401: invalid token', { status: 401 }))
  expect(error).toMatchObject({
    name: 'PikoError',
    code: 'unauthorized',
    status: 401,
    message: '401: invalid token',
  })
})

test.each([
  ['network', 'unreachable', true],
  ['proxy', 'proxy-refused', true],
  ['aborted', 'aborted', false],
] as const)('%s becomes %s', (code, expected, retryable) => {
  expect(connectError(new DialError(code, 'text'))).toMatchObject({ code: expected, retryable })
})

test('what is a PikoError already stays as it is, and what is none has it as its cause', () => {
  const failed = new PikoError('token-failed')
  expect(connectError(failed)).toBe(failed)
  const cause = new Error('boom')
  expect(connectError(cause)).toMatchObject({ code: 'unreachable', cause })
})
