import { expect, test } from 'vitest'
import { wantsUpgrade, withoutHopByHop } from './hop-by-hop.ts'

test('fields of this hop are dropped, all others stay in order and case', () => {
  const fields = [
    ['Host', 'a'],
    ['connection', 'keep-alive'],
    ['Keep-Alive', 'timeout=5'],
    ['Proxy-Connection', 'close'],
    ['Proxy-Authenticate', 'Basic'],
    ['Proxy-Authorization', 'Basic x'],
    ['Transfer-Encoding', 'chunked'],
    ['UPGRADE', 'websocket'],
    ['X-Other', 'b'],
    ['X-Other', 'c'],
  ].flat()
  expect(withoutHopByHop(fields)).toEqual(['Host', 'a', 'X-Other', 'b', 'X-Other', 'c'])
})

test('fields that any Connection field names are dropped', () => {
  const fields = [
    'Connection',
    'close, X-One',
    'X-ONE',
    'a',
    'connection',
    '\tx-two ,',
    'x-two',
    'b',
  ]
  expect(withoutHopByHop([...fields, 'X-Three', 'c'])).toEqual(['X-Three', 'c'])
})

test('what the caller keeps cannot be named away', () => {
  const fields = [
    'X-Forwarded-For',
    '1.2.3.4',
    'X-One',
    'a',
    'Connection',
    'x-forwarded-for, x-one',
  ]
  expect(withoutHopByHop(fields, new Set(['x-forwarded-for']))).toEqual([
    'X-Forwarded-For',
    '1.2.3.4',
  ])
})

test('keeping a field of this hop does not let it pass', () => {
  expect(withoutHopByHop(['Upgrade', 'h2c'], new Set(['upgrade']))).toEqual([])
})

test('framing and routing cannot be named away', () => {
  const fields = ['Host', 'a', 'Content-Length', '5', 'Trailer', 'X-Sum']
  expect(withoutHopByHop([...fields, 'Connection', 'host, content-length, trailer'])).toEqual(
    fields,
  )
})

test('of TE only trailers stays, once, even though Connection names it', () => {
  expect(
    withoutHopByHop([
      'TE',
      'gzip',
      'Te',
      'deflate, Trailers',
      'te',
      'trailers',
      'Connection',
      'TE',
    ]),
  ).toEqual(['TE', 'trailers'])
  expect(withoutHopByHop(['TE', 'gzip;q=0.5'])).toEqual([])
})

test('the fields that came in stay as they were', () => {
  const fields = ['Connection', 'close', 'A', 'b']
  expect(withoutHopByHop(fields)).not.toBe(fields)
  expect(fields).toEqual(['Connection', 'close', 'A', 'b'])
})

test('an upgrade is meant only if Connection lists it', () => {
  expect(wantsUpgrade(['Upgrade', 'WebSocket', 'Connection', 'keep-alive, UPGRADE'])).toBe(
    'WebSocket',
  )
  expect(wantsUpgrade(['Upgrade', 'websocket'])).toBeUndefined()
  expect(wantsUpgrade(['Upgrade', 'websocket', 'Connection', 'close'])).toBeUndefined()
  expect(wantsUpgrade(['Connection', 'upgrade'])).toBeUndefined()
  expect(wantsUpgrade(['Upgrade', '', 'Connection', 'upgrade'])).toBeUndefined()
})
