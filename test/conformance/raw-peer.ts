import { createHash } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import type { Socket } from 'node:net'
import { decodeRaw, encodeRaw } from './raw-frame.ts'
import type { RawFrame } from './raw-frame.ts'

/**
 * The other end of a WebSocket as a bare socket: it says what it is told, right or wrong, answers
 * nothing by itself, and closes only when asked.
 */
export class RawPeer {
  readonly socket: Socket
  /** What a client masks with; undefined for a server. */
  readonly mask: readonly number[] | undefined
  private unread: Uint8Array = Buffer.alloc(0)
  private hasEnded = false
  private readonly events = new EventEmitter()

  /** `socket` allows half-open connections. */
  constructor(socket: Socket, mask: readonly number[] | undefined) {
    this.socket = socket
    this.mask = mask
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => {
      this.unread = Buffer.concat([this.unread, chunk])
      this.events.emit('change')
    })
    socket.on('error', () => {})
    for (const event of ['end', 'close']) {
      socket.on(event, () => {
        this.hasEnded = true
        this.events.emit('change')
      })
    }
  }

  /** A frame as this peer would send it: masked if it is a client. */
  encode(frame: RawFrame): Uint8Array {
    return encodeRaw({ mask: this.mask, ...frame })
  }

  send(...frames: readonly RawFrame[]): void {
    this.socket.write(Buffer.concat(frames.map((frame) => this.encode(frame))))
  }

  /** Writes `bytes` in chunks, each of which arrives by itself as far as the kernel allows. */
  async dribble(bytes: Uint8Array, chunkBytes: () => number): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const end = Math.min(bytes.length, at + chunkBytes())
      this.socket.write(bytes.subarray(at, end))
      await new Promise((resolve) => setImmediate(resolve))
      at = end
    }
  }

  /** The next frame; undefined when the transport has ended the connection instead. */
  async nextFrame(): Promise<RawFrame | undefined> {
    for (;;) {
      const decoded = decodeRaw(this.unread)
      if (decoded !== undefined) {
        this.unread = decoded.rest
        return decoded.frame
      }
      if (this.hasEnded) return undefined
      await once(this.events, 'change')
    }
  }

  /** The payload of the next frames together, until they are `byteLength` bytes. */
  async nextBytes(byteLength: number): Promise<Buffer> {
    const parts: Uint8Array[] = []
    for (let left = byteLength; left > 0;) {
      const frame = await this.nextFrame()
      if (frame === undefined) break
      parts.push(frame.payload)
      left -= frame.payload.length
    }
    return Buffer.concat(parts)
  }

  /** Resolves when the transport has ended or dropped the connection. */
  async ended(): Promise<void> {
    while (!this.hasEnded) await once(this.events, 'change')
  }

  /** Reads an HTTP head by hand; what is behind it is left for `nextFrame`. */
  async head(): Promise<string> {
    for (;;) {
      const text = Buffer.from(this.unread).toString('latin1')
      const end = text.indexOf('\r\n\r\n')
      if (end >= 0) {
        this.unread = this.unread.subarray(end + 4)
        return text.slice(0, end)
      }
      if (this.hasEnded) return text
      await once(this.events, 'change')
    }
  }
}

export const SAMPLE_KEY = 'dGhlIHNhbXBsZSBub25jZQ=='

/** An opening handshake; fields of `changes` replace, or with '' take away, those of a good one. */
export function requestHead(changes: Readonly<Record<string, string>> = {}, line?: string): string {
  return head(line ?? 'GET /piko/v1/upstream/test HTTP/1.1', {
    Host: 'localhost',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': SAMPLE_KEY,
    ...changes,
  })
}

/** A server's answer to `request`, as `requestHead` above. */
export function answerHead(
  request: string,
  changes: Readonly<Record<string, string>> = {},
): string {
  const key = /^sec-websocket-key: (.*)$/im.exec(request)?.[1] ?? ''
  const accept = createHash('sha1')
    .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64')
  return head('HTTP/1.1 101 Switching Protocols', {
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Accept': accept,
    ...changes,
  })
}

function head(line: string, fields: Readonly<Record<string, string>>): string {
  const lines = Object.entries(fields)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${value}`)
  return [line, ...lines, '', ''].join('\r\n')
}
