import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { randomBelow, seededRandom } from '../../src/std/prng.ts'

/** A prime, so that shifts by pieces never line up. */
const PERIOD_BYTES = 1_000_003
const LONGEST_BYTES = 1_000_000

const pattern = makePattern()

function makePattern(): Buffer {
  const random = seededRandom(1)
  const period = Buffer.from(Array.from({ length: PERIOD_BYTES }, () => randomBelow(random, 256)))
  return Buffer.concat([period, period.subarray(0, LONGEST_BYTES)])
}

/** The bytes at [start, end) of the endless stream that a seed stands for; a megabyte at most. */
export function patternBytes(seed: number, start: number, end: number): Buffer {
  const from = (seed + start) % PERIOD_BYTES
  return pattern.subarray(from, from + end - start)
}

const PIECE_BYTES = 16 * 1024

/**
 * A service whose every answer can be checked: `GET /<seed>/<size>/<framing>` gives the seed's
 * bytes, anything with a body gives the body's hash.
 */
export class PatternService {
  private readonly server: Server
  private readonly sockets = new Set<Socket>()

  private constructor(server: Server) {
    this.server = server
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket)
      socket.once('close', () => this.sockets.delete(socket))
    })
  }

  static async start(): Promise<PatternService> {
    const server = createServer((request, response) => answer(request, response))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new PatternService(server)
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  /** Connections that are open. */
  get connectionCount(): number {
    return this.sockets.size
  }

  close(): void {
    this.server.close()
    this.server.closeAllConnections()
  }
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  if (request.method === 'POST') hash(request, response)
  else send(request.url as string, response)
}

function send(url: string, response: ServerResponse): void {
  const [, seedText, sizeText, framing] = url.split('/')
  const seed = Number(seedText)
  const size = Number(sizeText)
  if (framing === 'length') response.setHeader('content-length', size)
  if (framing === 'close') response.shouldKeepAlive = false
  let sent = 0
  const more = (): void => {
    while (sent < size) {
      const end = Math.min(size, sent + PIECE_BYTES)
      const writable = response.write(patternBytes(seed, sent, end))
      sent = end
      if (!writable) return void response.once('drain', more)
    }
    response.end()
  }
  more()
}

function hash(request: IncomingMessage, response: ServerResponse): void {
  const digest = createHash('sha256')
  request.on('data', (chunk: Buffer) => digest.update(chunk))
  request.on('end', () => response.end(digest.digest('hex')))
  request.on('error', () => response.destroy())
}
