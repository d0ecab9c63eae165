import { expect, test } from 'vitest'
import { parseLocalAddress } from './local-address.ts'

test.each([
  ['7000', { host: '127.0.0.1', port: 7000 }],
  ['127.0.0.2:7000', { host: '127.0.0.2', port: 7000 }],
  ['[::1]:7000', { host: '::1', port: 7000 }],
  [':7000', { host: '', port: 7000 }],
  ['70000', undefined],
  ['localhost', undefined],
  ['http://localhost:7000', undefined],
])('%s is read as %o', (addr, expected) => {
  expect(parseLocalAddress(addr)).toEqual(expected)
})
