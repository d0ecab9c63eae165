import { expect, test } from 'vitest'
import type { Grant } from './grant.ts'
import { TokenCache } from './token-cache.ts'

const GRANT: Grant = {
  listen: undefined,
  connect: undefined,
  tenantId: undefined,
  expiresAtMs: 1,
}

test('what was not used for longest is forgotten first', () => {
  const cache = new TokenCache(2)
  cache.set('a', GRANT, 0)
  cache.set('b', GRANT, 0)
  expect(cache.get('a', 0)).toBe(GRANT)
  cache.set('c', GRANT, 0)
  expect([cache.get('a', 0), cache.get('b', 0), cache.get('c', 0)]).toEqual([
    GRANT,
    undefined,
    GRANT,
  ])
  expect(cache.size).toBe(2)
})

test('other keys know no token', () => {
  const cache = new TokenCache(2)
  cache.set('a', GRANT, 0)
  expect(cache.get('a', 1)).toBeUndefined()
  expect(cache.size).toBe(0)
})
