import { expect, test } from 'vitest'
import { authorizationFields } from './authorization-fields.ts'

const PATIENCE = { timeoutMs: 60_000, signal: new AbortController().signal }

const never = async () => new Promise<string>(() => {})

test('a token is sent as a bearer token, and none as nothing', async () => {
  expect(await authorizationFields('abc.def', PATIENCE)).toEqual({
    authorization: 'Bearer abc.def',
  })
  expect(await authorizationFields('', PATIENCE)).toEqual({})
  expect(await authorizationFields(undefined, PATIENCE)).toEqual({})
})

test('a token function is asked each time', async () => {
  let count = 0
  const token = async () => `token-${(count += 1)}`
  for (const expected of ['Bearer token-1', 'Bearer token-2']) {
    expect(await authorizationFields(token, PATIENCE)).toEqual({ authorization: expected })
  }
})

test('a token function that fails is worth another try', async () => {
  const cause = new Error('vault is sealed')
  const token = async () => Promise.reject(cause)
  await expect(authorizationFields(token, PATIENCE)).rejects.toMatchObject({
    code: 'token-failed',
    retryable: true,
    cause,
  })
})

test('a token function that never answers is given up', async () => {
  const { signal } = PATIENCE
  await expect(authorizationFields(never, { timeoutMs: 1, signal })).rejects.toMatchObject({
    code: 'token-failed',
    message: 'the token function took over 1 ms',
  })
})

test('a token function is not waited for once the program has called it off', async () => {
  const program = new AbortController()
  const asked = authorizationFields(never, { timeoutMs: 60_000, signal: program.signal })
  program.abort()
  await expect(asked).rejects.toMatchObject({ code: 'aborted' })
})

test('a token that could forge fields is refused, and not repeated', async () => {
  const token = 'a\r\nx-evil: 1'
  const failure = await authorizationFields(token, PATIENCE).catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: 'invalid-option' })
  expect(String(failure)).not.toContain('evil')
})
