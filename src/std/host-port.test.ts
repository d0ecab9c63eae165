import { expect, test } from 'vitest'
import { formatHostPort, isIpAddress, parseHostPort } from './host-port.ts'

test.each([
  [':8000', '', 8000],
  ['localhost:0', 'localhost', 0],
  ['10.0.0.1:65535', '10.0.0.1', 65_535],
  ['[::1]:80', '::1', 80],
])('%s is a host and a port, and is written back the same', (text, host, port) => {
  const parsed = parseHostPort(text)
  expect(parsed).toEqual({ host, port })
  expect(formatHostPort({ host, port })).toBe(text)
})

test.each(['', '8000', 'a:', 'a:65536', 'a:-1', '::1:80', 'a b:80', 'http://a:80', '[x]:1'])(
  '%j is none',
  (text) => {
    expect(parseHostPort(text)).toBeUndefined()
  },
)

test.each([
  ['1.2.3.4', true],
  ['255.255.255.255', true],
  ['256.1.1.1', false],
  ['1.2.3', false],
  ['::1', true],
  ['[::1]', true],
  ['my-endpoint.example.com', false],
  ['localhost', false],
])('%s is an IP address: %s', (host, expected) => {
  expect(isIpAddress(host)).toBe(expected)
})
