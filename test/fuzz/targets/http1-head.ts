import { Buffer } from 'node:buffer'
import { deepStrictEqual, strictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { parseRequestHead } from '../../../src/http1/head-parser.ts'
import type { RequestHead } from '../../../src/http1/head-parser.ts'
import { HeadReader } from '../../../src/http1/head-reader.ts'
import { formatRequestHead } from '../../../src/http1/head-writer.ts'
import { HttpViolation } from '../../../src/http1/violation.ts'
import { decodeLatin1 } from '../../../src/net/latin1.ts'
import { cuts, damaged, mostly, pieces } from '../damage.ts'
import { fuzzTarget } from '../fuzz-target.ts'

const HEAD_BYTES_MAX = 4_096

const method = mostly(
  fc.constantFrom('GET', 'POST', 'OPTIONS', 'M-SEARCH'),
  fc.constantFrom('CONNECT', 'get', '', 'G T'),
)
const target = mostly(
  fc.constantFrom('/', '/a?b=c', 'http://a.b/c', '//x', '/\xe9'),
  fc.constantFrom('*', 'a.b:80', 'x', '/ ', '/\x7f'),
)
const version = mostly(
  fc.constantFrom('HTTP/1.1', 'HTTP/1.0'),
  fc.constantFrom('HTTP/1.2', 'HTTP/2.0', 'http/1.1', 'HTTP/1.10', ''),
)
const name = mostly(
  fc.constantFrom('Content-Length', 'Transfer-Encoding', 'Connection', 'X-Piko-Endpoint', 'x-a'),
  fc.constantFrom('Host', 'host', ' x', 'x ', '', 'x\t', 'x\xe9'),
)
const value = mostly(
  fc.constantFrom('a.b', '0', 'chunked', 'chunked, gzip', '', ' x ', '\t', '\xff', 'a: b'),
  fc.oneof(fc.constantFrom('a\0b', '\x7f', '\r'), fc.string({ unit: 'binary-ascii' })),
)
const colon = mostly(fc.constantFrom(': ', ':', ':\t '), fc.constantFrom(' : ', '', ';'))
const lineEnd = mostly(fc.constant('\r\n'), fc.constantFrom('\n', '\r', '\r\n ', '\r\r\n', '\n\n'))
const field = fc.tuple(name, colon, value, lineEnd)
const host = mostly(fc.constant('Host: a.b\r\n'), fc.constantFrom('', 'Host:\r\nhost: x\r\n'))

const heads = fc
  .tuple(method, target, version, host, fc.array(field, { maxLength: 8 }), lineEnd)
  .map(([verb, place, protocol, first, fields, last]) => {
    const lines = fields.map((parts) => parts.join('')).join('')
    return Buffer.from(`${verb} ${place} ${protocol}\r\n${first}${lines}${last}`, 'latin1')
  })

/** Heads behind which something lies, damaged, in pieces: the reading does not depend on cuts. */
export const http1Head = fuzzTarget(
  'http1-head',
  fc.tuple(damaged(heads), cuts),
  ([bytes, sizes]) => {
    const whole = read(bytes, [])
    deepStrictEqual(read(bytes, sizes), whole)
    deepStrictEqual(whole, readNaively(Buffer.from(bytes).toString('latin1')))
    if (typeof whole === 'string') return
    const again = formatRequestHead(whole)
    deepStrictEqual(read(Buffer.from(again, 'latin1'), []), whole)
    strictEqual(/[^\r]\n|\r[^\n]/.test(again), false)
  },
)

type Reading = RequestHead | 'refused' | 'unfinished'

function read(bytes: Uint8Array, sizes: readonly number[]): Reading {
  const reader = new HeadReader(HEAD_BYTES_MAX, decodeLatin1)
  for (const piece of pieces(bytes, sizes)) {
    const progress = reader.push(piece)
    if (progress.kind === 'violation') return 'refused'
    if (progress.kind === 'head') {
      const head = parseRequestHead(progress.text)
      return head instanceof HttpViolation ? 'refused' : head
    }
  }
  return 'unfinished'
}

const LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e\x80-\xff]+) HTTP\/1\.([01])$/
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*([\t\x20-\x7e\x80-\xff]*)$/

/** RFC 9112 as one reads it, with everything at hand. */
function readNaively(text: string): Reading {
  const end = text.indexOf('\r\n\r\n')
  const isWhole = end !== -1 && end + 4 <= HEAD_BYTES_MAX
  if (!isWhole) {
    return text.length >= HEAD_BYTES_MAX || /(^|[^\r])\n/.test(text) ? 'refused' : 'unfinished'
  }
  const [first = '', ...lines] = text.slice(0, end).split('\r\n')
  const line = LINE.exec(first)
  if (line === null) return 'refused'
  const fields: string[] = []
  for (const one of lines) {
    const parts = FIELD.exec(one)
    if (parts === null) return 'refused'
    fields.push(parts[1] as string, (parts[2] as string).replace(/[\t ]+$/, ''))
  }
  const head = {
    method: line[1] as string,
    target: line[2] as string,
    minorVersion: Number(line[3]) as 0 | 1,
    fields,
  }
  const hosts = fields.filter((text_, index) => index % 2 === 0 && /^host$/i.test(text_)).length
  const hasHosts = hosts === 1 || (hosts === 0 && head.minorVersion === 0)
  return hasHosts && isTarget(head.method, head.target) ? head : 'refused'
}

function isTarget(verb: string, place: string): boolean {
  if (verb === 'CONNECT') return /^[^/?#@]+:\d+$/.test(place)
  return /^\/|^[a-z][a-z0-9+.-]*:\/\/[^/]/i.test(place) || (place === '*' && verb === 'OPTIONS')
}
