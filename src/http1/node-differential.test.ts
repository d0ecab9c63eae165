import { Buffer } from 'node:buffer'
import { createServer, request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { Duplex } from 'node:stream'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BodyDecoder } from './body-decoder.ts'
import { requestBodyFraming, responseBodyFraming } from './body-framing.ts'
import type { BodyFraming } from './body-framing.ts'
import type { Fields } from './fields.ts'
import { parseRequestHead, parseResponseHead } from './head-parser.ts'
import { HeadReader } from './head-reader.ts'
import { HttpViolation } from './violation.ts'

/**
 * Node's parser as an oracle, driven in memory. Valid messages are damaged at random; what we
 * accept, Node must read the same way, to the byte where the message ends. Node may refuse more
 * (it knows a list of methods, for example), and we may.
 */

/** One message as a parser saw it; `line` is what stands in front of the fields. */
interface Message {
  line: (string | number | undefined)[]
  fields: Fields
  body: string
  trailers: Fields
  complete: boolean
}

interface Read {
  message: Message
  rest: Uint8Array
}

const RUNS = 3_000

const decodeLatin1 = (bytes: Uint8Array, start: number, end: number) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1', start, end)

const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'))
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')

/** The next head as text with what lies behind it, or undefined when none is to be had. */
function readHead(bytes: Uint8Array): { text: string; rest: Uint8Array } | undefined {
  const progress = new HeadReader(16_384, decodeLatin1).push(bytes)
  return progress.kind === 'head' ? progress : undefined
}

function readBody(framing: BodyFraming, bytes: Uint8Array) {
  let body = ''
  let trailers: Fields = []
  const sink = {
    data: (piece: Uint8Array) => (body += textOf(piece)),
    end: (fields: Fields) => (trailers = fields),
  }
  const decoder = new BodyDecoder(framing, sink, { decodeLatin1, trailerBytesMax: 4_096 })
  const rest = bytes.subarray(decoder.push(bytes))
  return { body, trailers, complete: decoder.finish() === 'complete', rest }
}

/** The first message, if it is accepted whole, and what lies behind it. */
function ourRequest(bytes: Uint8Array): Read | undefined {
  const read = readHead(bytes)
  if (read === undefined) return undefined
  const head = parseRequestHead(read.text)
  if (head instanceof HttpViolation) return undefined
  const framing = requestBodyFraming(head)
  if (framing instanceof HttpViolation) return undefined
  const { rest, ...body } = readBody(framing, read.rest)
  const line = [head.method, head.target, `1.${head.minorVersion}`]
  return body.complete ? { message: { line, fields: head.fields, ...body }, rest } : undefined
}

/** The final response, behind any number of 1xx, in the same way. */
function ourResponse(bytes: Uint8Array, method: string): Read | undefined {
  const read = readHead(bytes)
  if (read === undefined) return undefined
  const head = parseResponseHead(read.text)
  if (head instanceof HttpViolation) return undefined
  const framing = responseBodyFraming(head, method)
  if (framing instanceof HttpViolation) return undefined
  if (head.status < 200 && head.status !== 101) return ourResponse(read.rest, method)
  const { rest, ...body } = readBody(framing, read.rest)
  const line = [head.status, head.reason, `1.${head.minorVersion}`]
  return body.complete ? { message: { line, fields: head.fields, ...body }, rest } : undefined
}

/** A connection whose peer has sent `bytes` and closed its side, and reads whatever it is told. */
function connectionWith(bytes: Uint8Array): Duplex {
  const duplex = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() })
  duplex.push(bytes)
  duplex.push(null)
  return duplex
}

const closed = (duplex: Duplex) =>
  new Promise<void>((resolve) => duplex.once('close', () => resolve()))

/** Fills in the message while its body arrives. */
function record(incoming: IncomingMessage, line: Message['line']): Message {
  const fields = incoming.rawHeaders
  const message: Message = { line, fields, body: '', trailers: [], complete: false }
  incoming.on('data', (piece: Buffer) => (message.body += piece.toString('latin1')))
  incoming.on('error', () => {})
  incoming.on('end', () => {
    message.trailers = incoming.rawTrailers
    message.complete = incoming.complete
  })
  return message
}

/** The requests that Node's server sees, and its error code if it found fault with any. */
async function nodeRequests(bytes: Uint8Array): Promise<{ seen: Message[]; code: string }> {
  const seen: Message[] = []
  let code = ''
  const server = createServer()
  const see = (incoming: IncomingMessage) => {
    const message = record(incoming, [incoming.method, incoming.url, incoming.httpVersion])
    seen.push(message)
    return message
  }
  server.on('request', (incoming, response) => {
    see(incoming)
    incoming.on('end', () => response.end())
  })
  server.on('connect', (incoming, socket) => {
    see(incoming).complete = true
    socket.destroy()
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    code = error.code ?? 'unknown'
    socket.destroy()
  })
  const connection = connectionWith(bytes)
  server.emit('connection', connection)
  await closed(connection)
  server.close()
  return { seen, code }
}

/** The response that Node's client sees, and its error code if it found fault with it. */
async function nodeResponse(bytes: Uint8Array, method: string) {
  const connection = connectionWith(bytes)
  let seen: Message | undefined
  let code = ''
  const see = (incoming: IncomingMessage) => {
    const { statusCode, statusMessage, httpVersion } = incoming
    seen = record(incoming, [statusCode, statusMessage, httpVersion])
    return seen
  }
  // Without an agent, createConnection is all that a request ever asks for a socket.
  const outgoing = request({ method, createConnection: () => connection })
  outgoing.on('response', see)
  outgoing.on('upgrade', (incoming) => {
    see(incoming).complete = true
    connection.destroy()
  })
  outgoing.on('error', (error: NodeJS.ErrnoException) => {
    code = error.code ?? 'unknown'
    connection.destroy()
  })
  outgoing.end()
  await closed(connection)
  return { seen, code }
}

const bodyArb = fc.constantFrom(
  [],
  ['Content-Length: 5', '', 'hello'],
  ['Content-Length: 0', '', ''],
  ['Transfer-Encoding: chunked', '', '5', 'hello', '0', '', ''],
  ['Transfer-Encoding: chunked', '', '3;a=b', 'abc', 'A;c="d;e"', '0123456789', '0', '', ''],
  ['Transfer-Encoding: chunked', 'Trailer: X-Sum', '', '1', 'x', '0', 'X-Sum: 1', '', ''],
)

const extraFieldArb = fc.constantFrom(
  'Accept: */*',
  'X-Empty:',
  'X-Text: \xe4 b\tc ',
  'A: b\r\nA: c',
)
const fieldsArb = fc.array(extraFieldArb, { maxLength: 2 })

const DAMAGES = [
  ['\r', '\n', '\r\n', '\n\n', ' ', '\t', '\0', '\x0b', '\x7f', '\x80', '\xa0', ':', ';', ','],
  ['0', '1', '5', 'a', 'F', '-', '+', '0x', '"', '\\', '=', '/', '*', '_'],
  ['\r\n ', '\r\n\t', '\r\nA : b', '\r\n: b', '\r\nHost: b', '\r\nConnection: close'],
  ['\r\nContent-Length: 5', '\r\nContent-Length: 6', '\r\ncontent-length:5, 5'],
  ['\r\nTransfer-Encoding: chunked', '\r\nTransfer-Encoding: gzip', '\r\nTransfer-Encoding:'],
  ['HTTP/1.0', 'HTTP/1.2', 'chunked', 'gzip, ', '\r\n\r\n', '5\r\nhello\r\n0\r\n\r\n'],
]
const damageArb = fc.constantFrom(...DAMAGES.flat())

const editsArb = fc.array(
  fc.record({
    at: fc.nat({ max: 400 }),
    remove: fc.constantFrom(0, 0, 1, 1, 2),
    insert: damageArb,
  }),
  { maxLength: 3 },
)

type Edits = { at: number; remove: number; insert: string }[]

/** The text with some places overwritten, wherever in it they fall. */
function damage(text: string, edits: Edits): string {
  return edits.reduce((damaged, { at, remove, insert }) => {
    const place = at % (damaged.length + 1)
    return damaged.slice(0, place) + insert + damaged.slice(place + remove)
  }, text)
}

/** Where Node refuses what we take, and why that is harmless: no parser reads it differently. */
const NODE_REFUSES_MORE = new Set([
  'HPE_INVALID_METHOD', // it has a list of methods
  'HPE_INVALID_URL', // it takes no raw UTF-8, which Go passes on in queries
  'HPE_INVALID_CONTENT_LENGTH', // it takes no tab behind the digits, which is OWS
  'HPE_CLOSED_CONNECTION', // it lets no message follow one of HTTP/1.0 or with Connection: close
])

/** It takes no tab behind `chunked` either; any other coding that it refuses is refused by us. */
function isTabBehindCoding(code: string, message: string): boolean {
  return code === 'HPE_INVALID_TRANSFER_ENCODING' && /: *chunked *\t[ \t]*\r\n/i.test(message)
}

/** Follows every request: Node sees it only if it agrees on where the first one ends. */
const NEXT_REQUEST = 'GET /next HTTP/1.1\r\nHost: next\r\n\r\n'

const requestTextArb = fc
  .tuple(fc.constantFrom('GET / HTTP/1.1', 'POST /a?b=c HTTP/1.1'), fieldsArb, bodyArb)
  .map(([line, fields, body]) => {
    const lines = [line, 'Host: a', ...fields, ...(body.length > 0 ? body : ['', ''])]
    return lines.join('\r\n')
  })

test('every request that we accept, Node sees with the same fields, body and end', async () => {
  let compared = 0
  await fc.assert(
    fc.asyncProperty(requestTextArb, editsArb, async (text, edits) => {
      const bytes = bytesOf(damage(text, edits))
      const ours = ourRequest(bytes)
      if (ours === undefined) return
      const whole = textOf(bytes.subarray(0, bytes.length - ours.rest.length))
      const { seen, code } = await nodeRequests(bytesOf(whole + NEXT_REQUEST))
      if (NODE_REFUSES_MORE.has(code) || isTabBehindCoding(code, whole)) return
      compared += 1
      expect({ code, count: seen.length }).toEqual({ code: '', count: 2 })
      expect(seen[0]).toEqual(ours.message)
      expect(seen[1]?.line).toEqual(['GET', '/next', '1.1'])
    }),
    { numRuns: RUNS },
  )
  expect(compared).toBeGreaterThan(RUNS / 10)
})

const responseTextArb = fc
  .tuple(
    fc.constantFrom(
      '',
      '',
      'HTTP/1.1 100 Continue\r\n\r\n',
      'HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n',
    ),
    fc.constantFrom('200 OK', '200', '204 No Content', '304 Not Modified', '404 ', '500 \xe4'),
    fieldsArb,
    bodyArb,
  )
  .map(([informational, status, fields, body]) => {
    const rest = body.length > 0 ? body : ['', 'until the end']
    return informational + [`HTTP/1.1 ${status}`, ...fields, ...rest].join('\r\n')
  })

test('every response that we accept, Node sees with the same fields and body', async () => {
  let compared = 0
  const methodArb = fc.constantFrom('GET', 'GET', 'HEAD')
  await fc.assert(
    fc.asyncProperty(responseTextArb, editsArb, methodArb, async (text, edits, method) => {
      const bytes = bytesOf(damage(text, edits))
      const ours = ourResponse(bytes, method)
      if (ours === undefined) return
      const whole = bytes.subarray(0, bytes.length - ours.rest.length)
      const { seen, code } = await nodeResponse(whole, method)
      if (NODE_REFUSES_MORE.has(code)) return
      compared += 1
      expect({ code, seen }).toEqual({ code: '', seen: ours.message })
    }),
    { numRuns: RUNS },
  )
  expect(compared).toBeGreaterThan(RUNS / 10)
})
