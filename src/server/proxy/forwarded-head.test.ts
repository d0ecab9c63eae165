import { expect, test } from 'vitest'
import type { EdgeRequest } from './edge-request.ts'
import { forwardedHead, forwardedTrailers } from './forwarded-head.ts'

const STRANGER = { address: '9.9.9.9', scheme: 'http', trusted: false } as const
const PROXY = { ...STRANGER, trusted: true }

function edge(fields: string[], body: EdgeRequest['body'] = 'none'): EdgeRequest {
  return { method: 'GET', target: '/', host: 'a.b', endpointId: 'a', isTcp: false, body, fields }
}

/** The lines of the head, less those that every request gets. */
function lines(text: string): string[] {
  const [start, ...rest] = text.trimEnd().split('\r\n')
  expect(start).toBe('GET / HTTP/1.1')
  return rest
}

test('a plain request gets its host, who sent it, and the end of its stream', () => {
  expect(lines(forwardedHead(edge(['Accept', '*/*', 'host', 'x']), STRANGER, undefined))).toEqual([
    'Host: a.b',
    'Accept: */*',
    'X-Forwarded-For: 9.9.9.9',
    'X-Forwarded-Host: a.b',
    'X-Forwarded-Proto: http',
    'Connection: close',
  ])
})

test('fields of the way here end here, whatever their case', () => {
  const fields = ['X-PIKO-Forward', 'true', 'x-piko-authorization', 't', 'X-Piko-Tenant-Id', 't']
  const head = forwardedHead(edge([...fields, 'Keep-Alive', 'x']), STRANGER, undefined)
  expect(head).not.toMatch(/piko|keep-alive/i)
})

test('Connection names away what it may, and not what routing rests on', () => {
  const fields = ['Connection', 'x-own, x-piko-endpoint, content-length, x-forwarded-for']
  const named = [
    'X-Own',
    '1',
    'X-Piko-Endpoint',
    'e',
    'Content-Length',
    '1',
    'X-Forwarded-For',
    '1.1.1.1',
  ]
  const head = forwardedHead(edge([...fields, ...named], 'length'), STRANGER, undefined)
  expect(head).not.toContain('X-Own')
  expect(head).toContain('X-Piko-Endpoint: e')
  expect(head).toContain('Content-Length: 1')
  expect(head).toContain('X-Forwarded-For: 1.1.1.1, 9.9.9.9')
})

test('the word of a trusted proxy stands, that of others is replaced', () => {
  const said = edge(['X-Forwarded-Host', 'shop', 'X-Forwarded-Proto', 'https'])
  expect(forwardedHead(said, PROXY, undefined)).toMatch(/Host: shop[^]*Proto: https/)
  expect(forwardedHead(said, STRANGER, undefined)).toMatch(/Host: a\.b[^]*Proto: http\r/)
})

test('an upgrade and a chunked body are announced anew', () => {
  const fields = ['Connection', 'Upgrade', 'Upgrade', 'chat', 'Transfer-Encoding', 'chunked']
  expect(lines(forwardedHead(edge(fields), STRANGER, 'chat')).slice(-2)).toEqual([
    'Connection: Upgrade',
    'Upgrade: chat',
  ])
  expect(lines(forwardedHead(edge(fields, 'chunked'), STRANGER, undefined)).slice(-2)).toEqual([
    'Transfer-Encoding: chunked',
    'Connection: close',
  ])
})

test('trailers keep what they may carry', () => {
  const refused = ['Host', 'x', 'Trailer', 'x', 'x-piko-forward', 'x', 'Transfer-Encoding', 'x']
  expect(forwardedTrailers(['X-Sum', '1', ...refused, 'b', '2'])).toEqual(['X-Sum', '1', 'b', '2'])
})
