import { fieldValue } from '../http1/fields.ts'
import type { ResponseHead } from '../http1/head-parser.ts'
import { ResponseReader } from '../http1/response-reader.ts'
import type { ResponseSink } from '../http1/response-reader.ts'
import { decodeLatin1 } from '../net/latin1.ts'
import type { PooledSocket, SocketPool, SocketUser } from '../net/socket-pool.ts'
import { errorCode } from '../std/errors.ts'

/** What a client sends and whom it tells. */
export interface BenchClientOptions {
  readonly pool: SocketPool
  /** The next request, head and body as latin1 text; undefined when there are no more. */
  readonly next: () => string | undefined
  /** A request was answered as it should be. */
  readonly answered: (durationMs: number) => void
  /** A request was not; `kind` is short and has few values: `status 502`, `ECONNREFUSED`. */
  readonly failed: (kind: string) => void
  /** There was no next request. Last. */
  readonly finished: () => void
  /** Body bytes of a right answer. */
  readonly size: number
  readonly timeoutMs: number
}

const HEAD_BYTES_MAX = 64 * 1024

/**
 * Sends requests one after the other, on one connection as long as it lasts:
 *
 *     next ──▶ send ──▶ answer complete ──▶ answered or failed (status, short body) ──┐
 *      ▲        └─────▶ lost, timeout, no HTTP ──▶ failed, socket destroyed ──────────┤
 *      └──────────────────────────────────────────────────────────────────────────────┘
 */
export class BenchClient implements SocketUser, ResponseSink {
  private readonly options: BenchClientOptions
  private readonly timer: NodeJS.Timeout
  private socket: PooledSocket | undefined
  private reader: ResponseReader | undefined
  private sentMs = 0
  private status = 0
  private bodyBytes = 0
  private mayReuse = false

  constructor(options: BenchClientOptions) {
    this.options = options
    this.timer = setTimeout(() => this.fail('timeout'), options.timeoutMs)
  }

  /** Sends the next request. */
  send(): void {
    const request = this.options.next()
    if (request === undefined) {
      clearTimeout(this.timer)
      this.drop()
      this.options.finished()
      return
    }
    this.bodyBytes = 0
    this.reader = new ResponseReader(this, {
      requestMethod: 'POST',
      headBytesMax: HEAD_BYTES_MAX,
      decodeLatin1,
    })
    this.timer.refresh()
    this.sentMs = performance.now()
    this.socket ??= this.options.pool.dial(this)
    this.socket.write(request)
  }

  // What the socket brings.

  received(chunk: Uint8Array): void {
    const { reader } = this
    if (reader === undefined) return this.drop()
    const rest = reader.push(chunk)
    // The answer may have been complete, and then there is another reader already.
    if (rest.length > 0 || reader.violation !== undefined) this.fail('no HTTP')
  }

  ended(): void {
    if (this.reader?.finish() === 'truncated') this.fail('cut off')
  }

  drained(): void {}

  lost(error: Error | undefined): void {
    this.socket = undefined
    if (this.reader !== undefined) this.fail(errorCode(error) ?? 'connection lost')
  }

  // What the answer turns out to be.

  informational(): void {}

  head({ status, minorVersion, fields }: ResponseHead): void {
    this.status = status
    this.mayReuse = minorVersion === 1 && fieldValue(fields, 'connection') !== 'close'
  }

  data(bytes: Uint8Array): void {
    this.bodyBytes += bytes.length
  }

  end(): void {
    this.reader = undefined
    if (!this.mayReuse) this.drop()
    if (this.status !== 200) this.options.failed(`status ${this.status}`)
    else if (this.bodyBytes !== this.options.size) this.options.failed('wrong length')
    else this.options.answered(performance.now() - this.sentMs)
    // Not from inside the reader: a new one must not be made while the old one is reading.
    setImmediate(() => this.send())
  }

  private fail(kind: string): void {
    this.reader = undefined
    this.drop()
    this.options.failed(kind)
    setImmediate(() => this.send())
  }

  private drop(): void {
    this.socket?.destroy()
    this.socket = undefined
  }
}
