import type { IncomingMessage } from 'node:http'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { endpointOfHost, readEdgeRequest } from './edge-request.ts'

/** What is read of a request with these fields; node:http has parsed it. */
function read(rawHeaders: string[], { method = 'GET', url = '/', minor = 1 } = {}) {
  const request = { method, url, httpVersionMinor: minor, rawHeaders }
  return readEdgeRequest(request as IncomingMessage, 990)
}

const host = (value: string) => ['Host', value]

test.each([
  ['my-endpoint.piko.example.com', 'my-endpoint'],
  ['MY-Endpoint.b:8000', 'my-endpoint'],
  ['__proto__.b', '__proto__'],
  ['localhost', undefined],
  ['localhost:8000', undefined],
  ['.b', undefined],
  ['', undefined],
  ['10.0.0.1', undefined],
  ['10.0.0.1:80', undefined],
  ['[::1]:80', undefined],
  ['1.2.3', '1'],
])('the endpoint of host "%s" is %s', (name, endpointId) => {
  expect(endpointOfHost(name)).toBe(endpointId)
})

test('the first field that names an endpoint wins over the host', () => {
  const fields = [
    ...host('a.b'),
    'X-Pico-Endpoint',
    '',
    'x-piko-endpoint',
    'c',
    'X-Pico-Endpoint',
    'd',
  ]
  expect(read(fields)).toMatchObject({ endpointId: 'c', host: 'a.b' })
})

test('an endpoint id in a field is UTF-8', () => {
  const field = Buffer.from('münchen').toString('latin1')
  expect(read([...host('a'), 'x-piko-endpoint', field])).toMatchObject({ endpointId: 'münchen' })
})

test.each([
  [[], 'none'],
  [['Content-Length', '0'], 'none'],
  [['content-LENGTH', '5'], 'length'],
  [['Transfer-Encoding', 'Chunked'], 'chunked'],
])('the body behind %j is %s', (fields, body) => {
  expect(read([...host('a.b'), ...fields])).toMatchObject({ body })
})

test('HTTP/1.0 may leave out Host, and nobody may send two', () => {
  expect(read([], { minor: 0 })).toMatchObject({ host: '', endpointId: undefined })
  expect(read([])).toEqual({ status: 400, error: 'missing host' })
  expect(read([...host('a'), ...host('a')], { minor: 0 })).toHaveProperty('error')
})

test.each([
  ['/a?b', { target: '/a?b', host: 'x.y' }],
  ['http://a.b', { target: '/', host: 'a.b', endpointId: 'a' }],
  ['https://A.b:1/c?d', { target: '/c?d', host: 'A.b:1', endpointId: 'a' }],
  ['http://a.b?c', { target: '/?c', host: 'a.b' }],
])('the target %s is read as %j', (url, expected) => {
  expect(read(host('x.y'), { url })).toMatchObject(expected)
})

test.each(['*', 'a', '', '/a b', '/\x0b', 'http://', 'http:///a', 'http://u@a/', 'ws://a/'])(
  'the target "%s" is refused',
  (url) => {
    expect(read(host('x.y'), { url })).toEqual({ status: 400, error: 'invalid target' })
  },
)

test('990 fields are read, one more is a 431', () => {
  const fields = (count: number) => [
    ...host('a.b'),
    ...Array.from({ length: count - 1 }, (_, i) => [`x${i}`, '']).flat(),
  ]
  expect(read(fields(990))).toMatchObject({ endpointId: 'a' })
  expect(read(fields(991))).toMatchObject({ status: 431 })
})

test('any fields are either refused or make one request with one host and one framing', () => {
  const name = fc.constantFrom('Host', 'host', 'Transfer-Encoding', 'Content-Length', 'X')
  const value = fc.constantFrom('', 'a.b', 'a,b', 'chunked', 'gzip', '0', '5', 'u@a', '[::1]:1')
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 6 }), (fields) => {
      const count = (wanted: string) => {
        return fields.filter(([field]) => field.toLowerCase() === wanted).length
      }
      const edge = read(fields.flat())
      if ('error' in edge) return
      expect(count('host')).toBe(1)
      expect(count('transfer-encoding') * count('content-length')).toBe(0)
      expect(edge.host).toMatch(/^(a\.b|chunked|gzip|0|5|\[::1\]:1)$/)
    }),
  )
})
