import { expect, test } from 'vitest'
import { findCredentials } from './credentials.ts'

const none = { field: undefined, tenantId: '' }

test.each([
  ['nothing', [], { ...none, token: { refused: 'missing-authorization' } }],
  [
    'an empty field',
    ['Authorization', ''],
    { ...none, token: { refused: 'missing-authorization' } },
  ],
  [
    'Piko’s own field, wherever it stands',
    ['Authorization', 'Bearer a', 'X-Piko-Authorization', 'Bearer b'],
    { field: 'x-piko-authorization', tenantId: '', token: 'b' },
  ],
  [
    'an empty field of Piko’s, which is none',
    ['x-piko-authorization', '', 'authorization', 'Bearer a'],
    { field: 'authorization', tenantId: '', token: 'a' },
  ],
  [
    'the first of several',
    ['authorization', 'Bearer a', 'authorization', 'Bearer b', 'x-piko-tenant-id', 't'],
    { field: 'authorization', tenantId: 't', token: 'a' },
  ],
  [
    'two blanks',
    ['authorization', 'Bearer  a'],
    { field: 'authorization', tenantId: '', token: ' a' },
  ],
])('%s', (_name, fields, expected) => {
  expect(findCredentials(fields)).toEqual(expected)
})
