import { Buffer } from 'node:buffer'
import { deepStrictEqual, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { BodyDecoder } from '../../../src/http1/body-decoder.ts'
import { ResponseReader } from '../../../src/http1/response-reader.ts'
import { decodeLatin1 } from '../../../src/net/latin1.ts'
import { cuts, damaged, mostly, pieces } from '../damage.ts'
import { fuzzTarget } from '../fuzz-target.ts'

const TRAILER_BYTES_MAX = 200

const size = mostly(
  fc.constantFrom('%', '%', '%', '0%', '00000000000000%'),
  fc.constantFrom('-%', '+%', '0x%', '% ', '%;', '000000000000000000%'),
)
const extension = mostly(
  fc.constantFrom('', '', '', ';a', ';a=b', ';a="b \\" ;c"', ';a=""'),
  fc.constantFrom('; a', ';a=', ';"', ';;', ' ;a'),
)
const content = fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 30 })
const chunk = fc.tuple(size, extension, content).map(([form, words, text]) => {
  return `${form.replace('%', text.length.toString(16))}${words}\r\n${text}\r\n`
})
const trailers = mostly(
  fc.constantFrom('', '', 'A: b\r\n', 'A: b\r\nA: c\r\n'),
  fc.constantFrom('Host: b\r\n', 'A : b\r\n', 'A: b\n', 'A\r\n', `A: ${'x'.repeat(200)}\r\n`),
)
const chunked = fc
  .tuple(fc.array(chunk, { maxLength: 8 }), trailers)
  .map(([chunks, fields]) => `${chunks.join('')}0\r\n${fields}\r\n`)

const bodies = fc.tuple(chunked, fc.constantFrom('', 'NEXT')).map(asBytes)

/** Chunked bodies, damaged, in pieces: what a naive reader makes of them all at once. */
export const http1Body = fuzzTarget(
  'http1-body',
  fc.tuple(damaged(bodies), cuts),
  ([bytes, sizes]) => {
    const cut = decode(bytes, sizes)
    deepStrictEqual(cut, decode(bytes, []))
    const expected = decodeNaively(Buffer.from(bytes).toString('latin1'))
    if (expected !== undefined) deepStrictEqual({ ...cut, code: undefined }, expected)
    else ok(cut.consumed === undefined)
  },
)

interface Body {
  readonly text: string
  /** Undefined for a body that was refused or has no end. */
  readonly consumed: number | undefined
  readonly code: string | undefined
}

function decode(bytes: Uint8Array, sizes: readonly number[]): Body {
  let text = ''
  const sink = { data: (piece: Uint8Array) => (text += latin1(piece)), end: () => {} }
  const options = { decodeLatin1, trailerBytesMax: TRAILER_BYTES_MAX }
  const decoder = new BodyDecoder({ kind: 'chunked' }, sink, options)
  let consumed = 0
  for (const piece of pieces(bytes, sizes)) {
    consumed += decoder.push(piece)
    if (decoder.done || decoder.violation !== undefined) break
  }
  const isWhole = decoder.finish() === 'complete'
  const code = decoder.violation?.code
  return isWhole ? { text, consumed, code } : { text: '', consumed: undefined, code }
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const QUOTED = '"(?:[\\t \\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t\\x20-\\x7e\\x80-\\xff])*"'
const SIZE_LINE = new RegExp(`^([0-9a-f]{1,16})(?:;${TOKEN}(?:=(?:${TOKEN}|${QUOTED}))?)*$`, 'i')
const TRAILER = new RegExp(`^(${TOKEN}):([\\t\\x20-\\x7e\\x80-\\xff]*)$`)

/** The body if it is whole and right, else undefined. */
function decodeNaively(message: string): Body | undefined {
  let text = ''
  let at = 0
  for (;;) {
    const end = message.indexOf('\r\n', at)
    const match = end === -1 ? null : SIZE_LINE.exec(message.slice(at, end))
    if (match === null) return undefined
    const bytes = Number.parseInt(match[1] as string, 16)
    at = end + 2
    if (bytes === 0) break
    if (message.slice(at + bytes, at + bytes + 2) !== '\r\n') return undefined
    text += message.slice(at, at + bytes)
    at += bytes + 2
  }
  const first = at
  for (;;) {
    const end = message.indexOf('\r\n', at)
    if (end === -1) return undefined
    const line = message.slice(at, end)
    at = end + 2
    if (line === '') break
    const field = TRAILER.exec(line)?.[1]
    if (field === undefined) return undefined
    if (/^(content-length|transfer-encoding|host|trailer)$/i.test(field)) return undefined
  }
  // The empty line that ends them always fits.
  if (at - '\r\n'.length - first > TRAILER_BYTES_MAX) return undefined
  return { text, consumed: at, code: undefined }
}

const status = fc.constantFrom(
  '100 Continue',
  '103',
  '200 OK',
  '204 None',
  '304',
  '101 Switch',
  '999',
)
const framing = mostly(
  fc.constantFrom('', 'Content-Length: 5\r\n', 'Transfer-Encoding: chunked\r\n'),
  fc.constantFrom(
    'Content-Length: 5\r\nContent-Length: 5\r\n',
    'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n',
  ),
)
const head = fc
  .tuple(fc.constantFrom('HTTP/1.1', 'HTTP/1.0'), status, framing)
  .map(([version, words, fields]) => `${version} ${words}\r\nA: b\r\n${fields}\r\n`)
const answers = fc
  .tuple(
    fc.array(head, { maxLength: 4 }).map((heads) => heads.join('')),
    chunked,
  )
  .map(asBytes)

/** Whole answers of services: 1xx, heads and bodies mean the same however they are cut. */
export const http1Response = fuzzTarget(
  'http1-response',
  fc.tuple(damaged(answers), cuts, fc.constantFrom('GET', 'HEAD', 'CONNECT'), fc.boolean()),
  ([bytes, sizes, requestMethod, mayUpgrade]) => {
    const request = { requestMethod, mayUpgrade }
    deepStrictEqual(respond(bytes, sizes, request), respond(bytes, [], request))
  },
)

function respond(
  bytes: Uint8Array,
  sizes: readonly number[],
  request: { requestMethod: string; mayUpgrade: boolean },
): readonly string[] {
  const seen: string[] = []
  let text = ''
  const options = { ...request, decodeLatin1, headBytesMax: 2_048 }
  const reader = new ResponseReader(
    {
      informational: (one) => seen.push(`1xx ${JSON.stringify(one)}`),
      head: (one, kind) => seen.push(`head ${JSON.stringify([one, kind])}`),
      data: (piece) => (text += latin1(piece)),
      end: (fields) => seen.push(`end ${JSON.stringify(fields)}`),
    },
    options,
  )
  for (const piece of pieces(bytes, sizes)) {
    reader.push(piece)
    if (reader.done || reader.upgraded || reader.violation !== undefined) break
  }
  const isRefused = reader.violation !== undefined
  // Of a refused head or body more or less may have been seen before the mistake.
  if (isRefused) return [...seen.filter((word) => !word.startsWith('end')), 'refused']
  return [...seen, text, reader.upgraded ? 'upgraded' : reader.finish()]
}

function asBytes([first, second]: readonly [string, string]): Uint8Array {
  return Buffer.from(first + second, 'latin1')
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}
