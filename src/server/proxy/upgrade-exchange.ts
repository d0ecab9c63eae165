import type { Socket } from 'node:net'
import type { BodyFraming } from '../../http1/body-framing.ts'
import type { Fields } from '../../http1/fields.ts'
import type { ResponseHead } from '../../http1/head-parser.ts'
import { formatResponseHead } from '../../http1/head-writer.ts'
import { wantsUpgrade, withoutHopByHop } from '../../http1/hop-by-hop.ts'
import { ResponseReader } from '../../http1/response-reader.ts'
import type { ResponseSink } from '../../http1/response-reader.ts'
import { encodeChunk, encodeLastChunk } from '../../net/chunked-body.ts'
import { decodeLatin1, encodeLatin1 } from '../../net/latin1.ts'
import { Splice } from '../../net/splice.ts'
import type { YamuxError } from '../../yamux/errors.ts'
import type { Stream, StreamHandler } from '../../yamux/session.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { abortSocket } from '../../net/abort-socket.ts'
import { ANSWERS, renderAnswer } from '../../net/answer.ts'
import type { Answer } from '../../net/answer.ts'
import type { EdgeRequest } from './edge-request.ts'
import { maySendAgain } from './send-again.ts'
import { WaitingSocket } from './waiting-socket.ts'

export interface UpgradeExchangeOptions {
  readonly edge: EdgeRequest
  /** What the client sent right behind its request. */
  readonly early: Buffer
  /** The protocol that the client asked for. */
  readonly upgrade: string
  /** Without an answer for so long: 504; 0 = never. What was upgraded has no limit. */
  readonly timeoutMs: number
  readonly headBytesMax: number
  /** The upstream failed before it said anything: finds another one, if it can. */
  readonly retry: (error: YamuxError) => boolean
  /** Called once, when the client's connection is gone. */
  readonly closed: (exchange: UpgradeExchange) => void
}

/**
 * A request to speak another protocol. After a 101 the client's socket and the stream are spliced;
 * any other answer goes out as an ordinary one, and the connection closes behind it.
 *
 *     waiting ──101──▶ spliced
 *        └──other──▶ answering ──▶ closed
 */
export class UpgradeExchange implements StreamHandler {
  private readonly socket: Socket
  private readonly options: UpgradeExchangeOptions
  private readonly reader: ResponseReader
  private stream: Stream | undefined
  private timer: NodeJS.Timeout | undefined
  private chunked = false
  private done = false
  /** Something of an answer has come. */
  private answered = false
  private owedBytes = 0
  /** Its bytes wait for the 101: a service that does not switch would read them as a request. */
  private readonly waiting: WaitingSocket
  status = 0
  fields: Fields = []

  constructor(socket: Socket, options: UpgradeExchangeOptions) {
    this.socket = socket
    this.options = options
    this.waiting = new WaitingSocket(socket, options.early)
    this.reader = new ResponseReader(this.sink, {
      requestMethod: options.edge.method,
      mayUpgrade: true,
      headBytesMax: options.headBytesMax,
      decodeLatin1,
    })
    socket.on('drain', () => this.repay())
  }

  get edge(): EdgeRequest {
    return this.options.edge
  }

  /** Hands the request to an upstream. False when that takes no more: try another. */
  start(upstream: Upstream, head: string): boolean {
    // A client that left while its request waited needs no upstream.
    if (this.done) return true
    const stream = upstream.open(this)
    if (stream === undefined) return false
    this.stream = stream
    const { timeoutMs } = this.options
    stream.write(encodeLatin1(head))
    if (timeoutMs > 0) this.timer ??= setTimeout(() => this.timedOut(), timeoutMs)
    return true
  }

  /** Gives Piko's own answer in the upstream's place. */
  answer(answer: Answer): void {
    if (this.done) return
    this.done = true
    clearTimeout(this.timer)
    this.status = answer.status
    this.fields = renderAnswer(answer).fields
    this.waiting.answer(answer)
  }

  // What the stream brings, up to the 101.

  data(bytes: Uint8Array): void {
    if (this.done) return
    this.answered = true
    this.owedBytes += bytes.length
    const rest = this.reader.push(bytes)
    if (this.reader.upgraded) this.splice(rest)
    else if (this.reader.violation !== undefined) this.fail()
    else if (!this.socket.writableNeedDrain) this.repay()
  }

  end(): void {
    if (!this.done && this.reader.finish() === 'truncated') this.fail()
  }

  drain(): void {
    // Only the head and what came with it is written before the splice: nothing waits for this.
  }

  reset(error: YamuxError): void {
    if (this.done) return
    const retried = !this.answered && maySendAgain(this.edge, error) && this.options.retry(error)
    if (!retried) this.fail()
  }

  /** What the response reader makes of it: the answer on its way to the client. */
  private readonly sink: ResponseSink = {
    informational: (head) => {
      this.writeHead(head, withoutHopByHop(head.fields))
    },
    head: (head, framing) => this.begin(head, framing),
    data: (bytes) => {
      for (const piece of this.chunked ? encodeChunk(bytes) : [bytes]) this.socket.write(piece)
    },
    end: (trailers) => {
      this.done = true
      this.stream?.end()
      if (this.chunked) this.socket.write(encodeLastChunk(trailers))
      this.waiting.close()
    },
  }

  private begin(head: ResponseHead, framing: BodyFraming): void {
    clearTimeout(this.timer)
    this.status = head.status
    this.fields = withoutHopByHop(head.fields)
    this.chunked = framing.kind === 'chunked'
    const connection =
      head.status === 101
        ? ['Connection', 'Upgrade', 'Upgrade', wantsUpgrade(head.fields) ?? this.options.upgrade]
        : ['Connection', 'close', ...(this.chunked ? ['Transfer-Encoding', 'chunked'] : [])]
    this.writeHead(head, [...this.fields, ...connection])
  }

  private writeHead(head: ResponseHead, fields: Fields): void {
    this.socket.write(formatResponseHead({ ...head, minorVersion: 1, fields }), 'latin1')
  }

  private splice(rest: Uint8Array): void {
    this.done = true
    const stream = this.stream as Stream
    const early = this.waiting.stopWaiting()
    if (early.length > 0) stream.write(early)
    const splice = new Splice(stream, this.socket)
    this.socket.resume()
    stream.consumed(this.owedBytes - rest.length)
    // The splice pays for all that comes; what was owed here is paid.
    this.owedBytes = 0
    if (rest.length > 0) splice.data(rest)
  }

  private repay(): void {
    const { owedBytes } = this
    this.owedBytes = 0
    if (owedBytes > 0) this.stream?.consumed(owedBytes)
  }

  private timedOut(): void {
    this.stream?.reset()
    this.answer(ANSWERS.timeout)
  }

  private fail(): void {
    this.stream?.reset()
    if (this.status === 0) {
      this.answer(ANSWERS.unreachable)
    } else {
      this.done = true
      abortSocket(this.socket)
    }
  }

  /** The client's connection is closed. Once. */
  clientGone(): void {
    clearTimeout(this.timer)
    if (!this.done) this.stream?.reset()
    this.done = true
    this.options.closed(this)
  }
}
