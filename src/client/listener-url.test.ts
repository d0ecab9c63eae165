import { expect, test } from 'vitest'
import { isRetryableStatus, listenerUrl } from './listener-url.ts'

test.each([
  ['http://localhost:8001', 'e', 'ws://localhost:8001/piko/v1/upstream/e'],
  ['https://piko.example', 'e', 'wss://piko.example/piko/v1/upstream/e'],
  ['ws://a:1', 'e', 'ws://a:1/piko/v1/upstream/e'],
  ['wss://a:1/', 'e', 'wss://a:1/piko/v1/upstream/e'],
  ['http://a:1/behind/lb', 'e', 'ws://a:1/behind/lb/piko/v1/upstream/e'],
  ['http://a:1/behind/lb/', 'e', 'ws://a:1/behind/lb/piko/v1/upstream/e'],
  ['http://a:1', 'a/b ?#ü', 'ws://a:1/piko/v1/upstream/a%2Fb%20%3F%23%C3%BC'],
])('%s and endpoint %s make %s', (server, endpointId, expected) => {
  expect(listenerUrl(server, endpointId).href).toBe(expected)
})

test.each(['ftp://a', 'localhost:8001', 'a'])('%s is no server URL', (server) => {
  expect(() => listenerUrl(server, 'e')).toThrow(TypeError)
})

test('only answers that can change are worth another try', () => {
  const statuses = Array.from({ length: 500 }, (_, i) => 100 + i)
  expect(statuses.filter(isRetryableStatus)).toEqual([408, 429, 500, 502, 503, 504])
})
