import { expect, test } from 'vitest'
import { allows, readGrant } from './grant.ts'

const open = { requireEndpoints: false }
const strict = { requireEndpoints: true }

/** Which of the two scopes a token's `piko` claim gives for the endpoint `orders`. */
function scopes(piko: unknown, options = open): string {
  const grant = readGrant(piko === undefined ? {} : { piko }, options)
  if (grant === undefined) return 'malformed'
  const given = (['listen', 'connect'] as const).filter((scope) => allows(grant, scope, 'orders'))
  return given.join(' and ') || 'none'
}

test.each([
  [undefined, 'listen and connect', 'none'],
  [{}, 'listen and connect', 'none'],
  [{ endpoints: null }, 'listen and connect', 'none'],
  [{ endpoints: [] }, 'listen and connect', 'none'],
  [{ endpoints: ['orders'] }, 'listen and connect', 'listen and connect'],
  [{ endpoints: ['ord*'] }, 'listen and connect', 'listen and connect'],
  [{ endpoints: ['*'] }, 'listen and connect', 'listen and connect'],
  [{ endpoints: ['order', 'Orders', 'orders2', '*s', 'o*s'] }, 'none', 'none'],
  [{ listen: ['orders'] }, 'listen', 'listen'],
  [{ connect: ['orders'] }, 'connect', 'connect'],
  [{ listen: [] }, 'none', 'none'],
  [{ listen: [], endpoints: ['orders'] }, 'connect', 'connect'],
  [{ listen: ['orders'], endpoints: [] }, 'listen', 'listen'],
  [{ listen: ['orders'], connect: ['orders'] }, 'listen and connect', 'listen and connect'],
  [{ endpoints: 'orders' }, 'malformed', 'malformed'],
  [{ endpoints: [1] }, 'malformed', 'malformed'],
  [{ listen: {} }, 'malformed', 'malformed'],
  [{ tenant_id: 1 }, 'malformed', 'malformed'],
  [[], 'malformed', 'malformed'],
  ['orders', 'malformed', 'malformed'],
])('the claim %j gives %s, and where endpoints are required %s', (piko, lenient, required) => {
  expect(scopes(piko)).toBe(lenient)
  expect(scopes(piko, strict)).toBe(required)
})

test('a token without an end lasts for ever', () => {
  expect(readGrant({}, open)?.expiresAtMs).toBe(Number.POSITIVE_INFINITY)
  expect(readGrant({ exp: 5 }, open)?.expiresAtMs).toBe(5_000)
})
