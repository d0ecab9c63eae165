import type { IncomingMessage, ServerResponse } from 'node:http'
import { ResponseReader } from '../../http1/response-reader.ts'
import { closeGentlyBehindAnswer } from '../../net/close-gently.ts'
import { decodeLatin1, encodeLatin1 } from '../../net/latin1.ts'
import type { TurnFlush } from '../../net/turn-flush.ts'
import type { Timed } from '../../net/under-way.ts'
import type { YamuxError } from '../../yamux/errors.ts'
import type { Stream, StreamHandler } from '../../yamux/session.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { ANSWERS } from '../../net/answer.ts'
import type { Answer } from '../../net/answer.ts'
import { ClientResponse } from './client-response.ts'
import type { ClientResponseOwner } from './client-response.ts'
import type { EdgeRequest } from './edge-request.ts'
import { maySendAgain } from './send-again.ts'
import type { IncomingBody, SlowBodies } from './slow-bodies.ts'
import { Upload } from './upload.ts'

/** How long a client may go on sending a body after it has got its whole answer. */
const LINGER_MS = 5_000

export interface ExchangeOptions {
  readonly edge: EdgeRequest
  /** With no byte of the request's body and none of the answer for so long: 504. 0 is never. */
  readonly timeoutMs: number
  readonly headBytesMax: number
  readonly turn: TurnFlush
  readonly slowBodies: SlowBodies
  /** The upstream failed before any answer came: finds another one, if it can. */
  readonly retry: (error: YamuxError) => boolean
  /** Called once, when the client's side is over. */
  readonly closed: (exchange: Exchange) => void
}

/**
 * One request on its way: it goes up a stream, and the answer comes down and goes out as it comes.
 *
 *     request  ───▶ Upload ──────────────────────────▶ stream ──▶ upstream
 *     response ◀─── ClientResponse ◀─ ResponseReader ◀─┘
 *
 * Credit for the answer's bytes goes back when the client's socket has taken them. Whichever side
 * fails first, the other one learns of it: a client that left resets the stream, and an answer that
 * broke off ends in a broken connection, never in a clean end.
 */
export class Exchange implements StreamHandler, ClientResponseOwner, IncomingBody, Timed {
  private readonly request: IncomingMessage
  private readonly options: ExchangeOptions
  private readonly reader: ResponseReader
  readonly response: ClientResponse
  private stream: Stream | undefined
  private upload: Upload | undefined
  seat = 0
  dueMs = Number.POSITIVE_INFINITY
  /** The client has its answer, or is gone: nothing more is expected of the stream. */
  private done = false
  private isClosed = false
  /** Something of an answer has come. */
  private answered = false
  /** Its time runs from the first upstream on, whatever becomes of that. */
  private isTimed = false
  /** Bytes of the answer whose credit the upstream waits for. */
  private owedBytes = 0

  constructor(request: IncomingMessage, response: ServerResponse, options: ExchangeOptions) {
    this.request = request
    this.options = options
    this.response = new ClientResponse(response, this, options.turn)
    this.reader = new ResponseReader(this.response, {
      requestMethod: options.edge.method,
      headBytesMax: options.headBytesMax,
      decodeLatin1,
    })
    response.once('close', () => this.clientGone())
  }

  get edge(): EdgeRequest {
    return this.options.edge
  }

  get requestBytes(): number {
    return this.upload?.byteCount ?? 0
  }

  /** Only before the answer: then the body may come as slowly as both sides like. */
  get awaitsClient(): boolean {
    return !this.answered && !this.isUploaded() && !this.request.isPaused()
  }

  /** Hands the request to an upstream. False when that takes no more: try another. */
  start(upstream: Upstream, head: string): boolean {
    // A client that left while its request waited needs no upstream.
    if (this.done) return true
    const stream = upstream.open(this)
    if (stream === undefined) return false
    this.stream = stream
    stream.write(encodeLatin1(head))
    const { edge } = this.options
    if (!this.isTimed) this.renewDeadline()
    if (this.upload !== undefined) {
      this.upload.redirect(stream)
    } else if (edge.body !== 'none') {
      this.upload = new Upload(this.request, stream, {
        chunked: edge.body === 'chunked',
        progress: () => this.renewDeadline(),
      })
      this.options.slowBodies.watch(this)
    }
    return true
  }

  /** Gives Piko's own answer in the upstream's place. */
  answer(answer: Answer): void {
    if (this.done) return
    this.done = true
    this.dueMs = Number.POSITIVE_INFINITY
    this.response.answer(answer)
    this.discardUpload()
  }

  // What the stream brings.

  data(bytes: Uint8Array): void {
    if (this.done) return
    this.answered = true
    this.upload?.settle()
    this.owedBytes += bytes.length
    const rest = this.reader.push(bytes)
    if (!this.done) this.response.flush()
    if (this.done) {
      if (rest.length > 0) this.stream?.reset()
    } else if (this.reader.violation !== undefined) {
      this.fail()
    } else {
      if (this.response.begun) this.response.flushHeadSoon()
      if (!this.response.blocked) this.drained()
    }
  }

  end(): void {
    if (!this.done && this.reader.finish() === 'truncated') this.fail()
  }

  drain(): void {
    this.upload?.resume()
  }

  reset(error: YamuxError): void {
    if (this.done) return
    if (!this.sendAgain(error)) this.fail()
  }

  // What becomes of the response.

  responding(): void {
    this.dueMs = Number.POSITIVE_INFINITY
  }

  drained(): void {
    const { owedBytes } = this
    this.owedBytes = 0
    this.stream?.consumed(owedBytes)
  }

  responded(): void {
    this.done = true
    if (this.isUploaded()) {
      this.stream?.end()
    } else {
      // The whole answer came before the whole request: the rest interests nobody.
      this.stream?.reset()
      this.discardUpload()
    }
  }

  /** Finds another upstream for a request that got no byte of an answer; false when it cannot. */
  private sendAgain(error: YamuxError): boolean {
    const canRedirect = this.upload?.canRedirect ?? true
    if (this.answered || !canRedirect || !maySendAgain(this.edge, error)) return false
    this.upload?.pause()
    return this.options.retry(error)
  }

  private renewDeadline(): void {
    const { timeoutMs } = this.options
    if (timeoutMs === 0 || this.response.begun) return
    this.isTimed = true
    this.dueMs = performance.now() + timeoutMs
  }

  private isUploaded(): boolean {
    return this.upload === undefined || this.upload.done
  }

  tooSlow(): void {
    this.stream?.reset()
    this.answer(ANSWERS.requestTimeout)
  }

  /** The answer has not begun in time. */
  expired(): void {
    if (this.awaitsClient) return this.options.slowBodies.stalled(this)
    this.stream?.reset()
    this.answer(ANSWERS.timeout)
  }

  /** The upstream is gone, or what it says is no HTTP. */
  private fail(): void {
    this.stream?.reset()
    if (this.response.begun) {
      this.done = true
      this.response.truncate()
    } else {
      this.answer(ANSWERS.unreachable)
    }
  }

  /** A client that is still sending when it has its answer gets a while to stop. */
  private discardUpload(): void {
    if (this.isUploaded() && this.request.complete) return
    this.upload?.discard()
    this.request.resume()
    closeGentlyBehindAnswer(this.request.socket)
    setTimeout(() => {
      if (!this.request.complete) this.request.socket.destroy()
    }, LINGER_MS).unref()
  }

  /** The response is over, or its connection: one that waits for its turn is not told of that. */
  clientGone(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.dueMs = Number.POSITIVE_INFINITY
    if (!this.done) this.stream?.reset()
    this.done = true
    this.options.slowBodies.forget(this)
    this.options.closed(this)
  }
}
