import { expect, test } from 'vitest'
import { bypassesProxy } from './no-proxy.ts'

test.each([
  ['*', 'http://piko.example', true],
  ['', 'http://piko.example', false],
  [' , ', 'http://piko.example', false],
  ['piko.example', 'http://piko.example', true],
  ['PIKO.example', 'http://piko.EXAMPLE:8001', true],
  ['example', 'http://piko.example', true],
  ['ple', 'http://piko.example', false],
  ['.example', 'http://piko.example', true],
  ['*.example', 'http://piko.example', true],
  ['.piko.example', 'http://piko.example', false],
  ['other, piko.example', 'http://piko.example', true],
  ['piko.example:8001', 'http://piko.example:8001', true],
  ['piko.example:8001', 'http://piko.example:8000', false],
  ['piko.example:443', 'wss://piko.example', true],
  ['10.0.0.1', 'http://10.0.0.1', true],
  ['10.0.0.1', 'http://10.0.0.10', false],
  ['0.0.1', 'http://10.0.0.1', false],
  ['10.0.0.0/8', 'http://10.9.8.7:8001', true],
  ['10.0.0.0/8', 'http://11.9.8.7', false],
  ['10.0.0.0/33', 'http://10.0.0.0', false],
  ['10.0.0.0/8', 'http://piko.example', false],
  ['::1', 'http://[::1]:8001', true],
  ['[::1]:8001', 'http://[::1]:8001', true],
  ['[::1]:8001', 'http://[::1]:8002', false],
  ['fd00::/8', 'http://[fd12::1]', true],
])('NO_PROXY=%s and %s: %s', (list, url, expected) => {
  expect(bypassesProxy(new URL(url), list)).toBe(expected)
})

test('without a list nothing bypasses the proxy', () => {
  expect(bypassesProxy(new URL('http://piko.example'), undefined)).toBe(false)
})
