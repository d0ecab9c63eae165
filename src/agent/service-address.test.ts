import { expect, test } from 'vitest'
import { parseServiceAddress } from './service-address.ts'

const plain = { tls: false, basePath: '' }

test.each([
  ['3000', { host: 'localhost', port: 3000, ...plain }],
  [':3000', { host: 'localhost', port: 3000, ...plain }],
  ['10.0.0.7:8080', { host: '10.0.0.7', port: 8080, ...plain }],
  ['[::1]:80', { host: '::1', port: 80, ...plain }],
  ['http://a', { host: 'a', port: 80, ...plain }],
  ['HTTP://a:81', { host: 'a', port: 81, ...plain }],
  ['https://a', { host: 'a', port: 443, tls: true, basePath: '' }],
  ['https://[::1]:8443/', { host: '::1', port: 8443, tls: true, basePath: '' }],
  ['http://a/base/path/', { host: 'a', port: 80, tls: false, basePath: '/base/path' }],
])('%s is an address', (addr, expected) => {
  expect(parseServiceAddress(addr)).toEqual(expected)
})

test.each(['', 'a', '65536', 'a:65536', 'a:b', 'ftp://a', 'http://', '-1', '3000 '])(
  '"%s" is none',
  (addr) => {
    expect(parseServiceAddress(addr)).toBeUndefined()
  },
)
