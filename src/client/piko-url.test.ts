import { expect, test } from 'vitest'
import { dialUrl, listenerUrl, parseProxyUrl, shownUrl } from './piko-url.ts'

test.each([
  ['http://localhost:8001', 'e', 'ws://localhost:8001/piko/v1/upstream/e'],
  ['https://piko.example', 'e', 'wss://piko.example/piko/v1/upstream/e'],
  ['ws://a:1', 'e', 'ws://a:1/piko/v1/upstream/e'],
  ['wss://a:1/', 'e', 'wss://a:1/piko/v1/upstream/e'],
  ['http://a:1/behind/lb', 'e', 'ws://a:1/behind/lb/piko/v1/upstream/e'],
  ['http://a:1/behind/lb/', 'e', 'ws://a:1/behind/lb/piko/v1/upstream/e'],
  ['http://a:1', 'a/b ?#ü', 'ws://a:1/piko/v1/upstream/a%2Fb%20%3F%23%C3%BC'],
])('a listener at %s of endpoint %s connects to %s', (server, endpointId, expected) => {
  expect(listenerUrl(server, endpointId).href).toBe(expected)
})

test('a dial goes to the route for TCP', () => {
  expect(dialUrl('https://piko.example/lb', 'a b').href).toBe(
    'wss://piko.example/lb/_piko/v1/tcp/a%20b',
  )
})

test.each(['ftp://a', 'localhost:8001', 'a', ''])('%s is no server URL', (server) => {
  expect(() => listenerUrl(server, 'e')).toThrow(
    expect.objectContaining({ code: 'invalid-option', retryable: false }),
  )
})

test.each([
  ['http://piko:8001/a@b', 'http://piko:8001/a@b'],
  ['https://me:secret@piko', 'https://piko'],
  ['https://me:s@cret@piko/x', 'https://piko/x'],
])('%s is shown as %s', (url, expected) => {
  expect(shownUrl(url)).toBe(expected)
})

test('a proxy is an http or https URL, and what is none is not repeated', () => {
  expect(parseProxyUrl('http://me:secret@proxy:3128').host).toBe('proxy:3128')
  for (const text of ['socks5://me:secret@proxy', 'me:secret@proxy:3128', '']) {
    expect(() => parseProxyUrl(text)).toThrow(
      expect.objectContaining({
        code: 'invalid-option',
        message: expect.not.stringContaining('secret') as string,
      }),
    )
  }
})
