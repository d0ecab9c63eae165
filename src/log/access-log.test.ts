import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AccessLog } from './access-log.ts'
import type { AccessLogOptions, AccessRecord } from './access-log.ts'
import { openLog } from './json-logger.ts'
import { RecordingLogger } from './recording-logger.ts'

const ALL = { allowList: [], blockList: [] }
const OPTIONS: AccessLogOptions = {
  disable: false,
  level: 'info',
  maxLineBytes: 16_384,
  requestHeaders: ALL,
  responseHeaders: ALL,
}

const RECORD: AccessRecord = {
  proto: 'HTTP/1.1',
  method: 'GET',
  host: 'my-endpoint.example.com',
  target: '/path?token=secret',
  requestFields: ['accept', 'text/html', 'Cookie', 'a=1', 'ACCEPT', 'text/plain'],
  responseFields: ['content-type', 'text/plain'],
  status: 200,
  durationMs: 1.2345,
}

function logged(record: Partial<AccessRecord>, options: Partial<AccessLogOptions> = {}) {
  const logger = new RecordingLogger()
  new AccessLog(logger, { ...OPTIONS, ...options }).write({ ...RECORD, ...record })
  const entry = logger.entries[0]
  return { level: entry?.level, request: entry?.fields['request'] as Record<string, unknown> }
}

test('a line has the form of the deployed Piko, without the query', () => {
  expect(logged({})).toEqual({
    level: 'info',
    request: {
      proto: 'HTTP/1.1',
      method: 'GET',
      host: 'my-endpoint.example.com',
      path: '/path',
      request_headers: { Accept: ['text/html', 'text/plain'], Cookie: ['[redacted]'] },
      response_headers: { 'Content-Type': ['text/plain'] },
      status: 200,
      duration: '1.235ms',
    },
  })
})

test.each(['authorization', 'Cookie', 'Proxy-Authorization', 'SET-COOKIE', 'x-piko-authorization'])(
  'the value of %s is never logged',
  (name) => {
    const { request } = logged({ requestFields: [name, 'secret'] })
    expect(JSON.stringify(request)).not.toContain('secret"]')
    expect(Object.values(request['request_headers'] as object)).toEqual([['[redacted]']])
  },
)

test('an allow list logs its fields alone, a block list all but its own', () => {
  const allow = logged({}, { requestHeaders: { allowList: ['ACCEPT'], blockList: [] } })
  expect(Object.keys(allow.request['request_headers'] as object)).toEqual(['Accept'])
  const block = logged({}, { requestHeaders: { allowList: [], blockList: ['accept'] } })
  expect(Object.keys(block.request['request_headers'] as object)).toEqual(['Cookie'])
})

test('a server error is a warning at least', () => {
  expect(logged({ status: 502 }).level).toBe('warn')
  expect(logged({ status: 502 }, { level: 'error' }).level).toBe('error')
  expect(logged({ status: 404 }).level).toBe('info')
})

test('a disabled log writes nothing', () => {
  const log = new AccessLog(new RecordingLogger(), { ...OPTIONS, disable: true })
  expect(log.isEnabled(200)).toBe(false)
})

test('whatever fields hold, each line is JSON and says what they said', () => {
  const text = fc.string({ unit: 'binary', maxLength: 20 })
  const name = fc.stringMatching(/^[a-z][a-z-]{0,8}$/)
  fc.assert(
    fc.property(fc.array(fc.tuple(name, text), { maxLength: 8 }), text, (pairs, host) => {
      const lines: string[] = []
      const { logger } = openLog(
        { level: 'info', subsystems: [] },
        { write: (line: string) => lines.push(line) },
      )
      const fields = pairs.flat()
      new AccessLog(logger, OPTIONS).write({ ...RECORD, host, requestFields: fields })
      const { request } = JSON.parse(lines[0] ?? '') as { request: Record<string, object> }
      expect(request['host']).toBe(host)
      const values = Object.values(request['request_headers'] ?? {}).flat()
      expect(values).toHaveLength(pairs.length)
    }),
  )
})

test('a line that is too long keeps who asked for what, and says that it was cut', () => {
  const requestFields = ['X-Long', '\u0000'.repeat(20_000)]
  const logger = new RecordingLogger()
  const log = new AccessLog(logger, { ...OPTIONS, maxLineBytes: 1_024 })
  log.write({ ...RECORD, target: `/${'x'.repeat(5_000)}`, requestFields })
  const fields = logger.entries[0]?.fields as Record<string, Record<string, unknown>>
  expect(fields['cut']).toBe(true)
  expect(fields['request']).toMatchObject({ method: 'GET', request_headers: {}, status: 200 })
  expect(JSON.stringify(fields).length).toBeLessThan(1_024)
})

test('credentials under any name, and the queries of URLs, are not logged', () => {
  const fields = [
    ['X-Api-Key', 'k3y', 'x-vault-token', 't0ken', 'Private-Token', 't0ken'],
    ['X-Auth-Token', 't0ken', 'X-Client-Secret', 's3cret', 'Sec-WebSocket-Key', 'public'],
    ['Referer', 'https://a.example/path?token=t0ken'],
  ]
  const requestFields = fields.flat()
  const responseFields = ['Location', '/callback?code=s3cret', 'Keep', 'a?b']
  const { request } = logged({ requestFields, responseFields })
  expect(JSON.stringify(request)).not.toMatch(/k3y|t0ken|s3cret/)
  expect(request).toMatchObject({
    request_headers: { 'Sec-Websocket-Key': ['public'], Referer: ['https://a.example/path'] },
    response_headers: { Location: ['/callback'], Keep: ['a?b'] },
  })
})

test('names are remembered without the heads that they came in', () => {
  const log = new AccessLog(new RecordingLogger(), { ...OPTIONS, level: 'debug' })
  const HEADS = 100
  const HEAD_BYTES = 512 * 1024
  const fromBytes = usedBytes()
  for (let i = 0; i < HEADS; i++) {
    // Every time another text, as a parser gets it; a slice of it refers to the whole.
    const name = `x-name-that-is-long-enough-${i}`
    const head = Buffer.alloc(HEAD_BYTES, `${name}: `).toString('latin1')
    log.write({ ...RECORD, requestFields: [head.slice(0, name.length), 'value'] })
  }
  expect(usedBytes() - fromBytes).toBeLessThan((HEADS * HEAD_BYTES) / 10)
  // It remembers until here.
  log.configure(OPTIONS)
})

/** Of JavaScript's heap, without garbage. */
function usedBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}
