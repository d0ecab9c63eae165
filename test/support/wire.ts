import { connect } from 'node:net'
import type { Socket } from 'node:net'
import type { HostPort } from '../../src/std/host-port.ts'

/** How the other side ended: in order (FIN), or not. */
export type WireEnd = 'end' | 'reset'

/** An HTTP message as a naive reader takes it from the wire. */
export interface WireMessage {
  /** The first line, without its end. */
  readonly start: string
  readonly status: number
  /** Field lines in order, as they came. */
  readonly lines: readonly string[]
  readonly body: Buffer
  /** Trailer lines of a chunked body. */
  readonly trailers: readonly string[]
}

/**
 * One end of a TCP connection for tests, latin1 text in and out. Reading waits for what is asked
 * for and takes it; whatever lies behind stays. A wait that the peer's end makes hopeless rejects.
 */
export class Wire {
  readonly socket: Socket
  /** Received and not taken yet. */
  private received = Buffer.alloc(0)
  private end: WireEnd | undefined
  private wake: () => void = () => {}

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk])
      this.wake()
    })
    socket.on('end', () => this.ended('end'))
    socket.on('error', () => this.ended('reset'))
    socket.on('close', () => this.ended('reset'))
  }

  send(data: string | Uint8Array): void {
    this.socket.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data)
  }

  /** Sends FIN and goes on reading. */
  finish(): void {
    this.socket.end()
  }

  /** Leaves at once: RST. */
  reset(): void {
    this.socket.resetAndDestroy()
  }

  /** Takes everything up to and with `mark`. */
  async until(mark: string): Promise<string> {
    const needle = Buffer.from(mark, 'latin1')
    await this.waitFor(() => this.received.includes(needle), `no ${JSON.stringify(mark)}`)
    return this.take(this.received.indexOf(needle) + needle.length).toString('latin1')
  }

  async bytes(count: number): Promise<Buffer> {
    await this.waitFor(() => this.received.length >= count, `not ${count} bytes`)
    return this.take(count)
  }

  /** Waits for the other side's end, and how it ended. */
  async ending(): Promise<WireEnd> {
    await this.waitFor(() => this.end !== undefined, 'no end')
    return this.end as WireEnd
  }

  /** Everything up to the other side's end. */
  async rest(): Promise<string> {
    await this.ending()
    return this.take(this.received.length).toString('latin1')
  }

  /** What has come and was not taken, without waiting. */
  get pending(): string {
    return this.received.toString('latin1')
  }

  async head(): Promise<{ start: string; lines: readonly string[] }> {
    const [start = '', ...lines] = (await this.until('\r\n\r\n')).trimEnd().split('\r\n')
    return { start, lines }
  }

  /** A message with its body; `bodiless` for answers to HEAD. 1xx, 204 and 304 have none either. */
  async message({ bodiless = false } = {}): Promise<WireMessage> {
    const { start, lines } = await this.head()
    const status = Number(/^HTTP\/1\.\d (\d{3})/.exec(start)?.[1] ?? 0)
    const isRequest = status === 0
    const none = bodiless || (!isRequest && (status < 200 || status === 204 || status === 304))
    const about = { start, status, lines, trailers: [] as string[] }
    if (none) return { ...about, body: Buffer.alloc(0) }
    if (lines.some((line) => /^transfer-encoding: chunked$/i.test(line))) {
      return { ...about, ...(await this.chunks()) }
    }
    const length = lineValue(lines, 'content-length')
    if (length !== undefined) return { ...about, body: await this.bytes(Number(length)) }
    if (isRequest) return { ...about, body: Buffer.alloc(0) }
    return { ...about, body: Buffer.from(await this.rest(), 'latin1') }
  }

  private async chunks(): Promise<{ body: Buffer; trailers: string[] }> {
    const pieces: Buffer[] = []
    for (;;) {
      const size = Number.parseInt(await this.until('\r\n'), 16)
      if (size === 0) break
      pieces.push((await this.bytes(size + 2)).subarray(0, size))
    }
    const trailers: string[] = []
    for (let line = await this.until('\r\n'); line !== '\r\n'; line = await this.until('\r\n')) {
      trailers.push(line.trimEnd())
    }
    return { body: Buffer.concat(pieces), trailers }
  }

  private take(count: number): Buffer {
    const taken = this.received.subarray(0, count)
    this.received = this.received.subarray(count)
    return taken
  }

  private ended(end: WireEnd): void {
    this.end ??= end
    this.wake()
  }

  private async waitFor(condition: () => boolean, missing: string): Promise<void> {
    while (!condition()) {
      if (this.end !== undefined) {
        const seen = JSON.stringify(this.received.toString('latin1').slice(0, 500))
        throw new Error(`${missing}; the connection came to its ${this.end} after ${seen}`)
      }
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
  }
}

/** Dials; resolves when connected. */
export async function dial({ host, port }: HostPort): Promise<Wire> {
  const socket = connect({ host: host || '127.0.0.1', port, allowHalfOpen: true, noDelay: true })
  const wire = new Wire(socket)
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  return wire
}

/** The value of the first line of that name. */
export function lineValue(lines: readonly string[], lowerName: string): string | undefined {
  const prefix = `${lowerName}:`
  const line = lines.find((candidate) => candidate.toLowerCase().startsWith(prefix))
  return line?.slice(prefix.length).trim()
}

/** The lower-case names of the lines. */
export function lineNames(lines: readonly string[]): string[] {
  return lines.map((line) => line.slice(0, line.indexOf(':')).toLowerCase())
}
