import { BodyDecoder } from '../http1/body-decoder.ts'
import type { BodySink } from '../http1/body-decoder.ts'
import { requestBodyFraming } from '../http1/body-framing.ts'
import type { BodyFraming } from '../http1/body-framing.ts'
import type { Fields } from '../http1/fields.ts'
import { parseRequestHead } from '../http1/head-parser.ts'
import type { RequestHead } from '../http1/head-parser.ts'
import { HeadReader } from '../http1/head-reader.ts'
import { wantsUpgrade } from '../http1/hop-by-hop.ts'
import { isIdempotent } from '../http1/idempotent.ts'
import { ResponseReader } from '../http1/response-reader.ts'
import { HttpViolation } from '../http1/violation.ts'
import { ANSWERS, answerBytes, badRequest, renderAnswer } from '../net/answer.ts'
import type { Answer } from '../net/answer.ts'
import { encodeChunk, encodeLastChunk } from '../net/chunked-body.ts'
import { decodeLatin1, encodeLatin1 } from '../net/latin1.ts'
import { isDialFailure } from '../net/dial-failure.ts'
import type { PooledSocket, SocketPool, SocketUser } from '../net/socket-pool.ts'
import { Splice } from '../net/splice.ts'
import type { Timed } from '../net/under-way.ts'
import type { Stream, StreamHandler } from '../yamux/session.ts'
import { serviceHead } from './service-head.ts'
import { ServiceResponse } from './service-response.ts'

export interface ServiceExchangeOptions {
  readonly pool: SocketPool
  /** In front of every request's path. */
  readonly basePath: string
  /** With no byte of the request's body and none of the answer for so long: 504. */
  readonly timeoutMs: number
  readonly headBytesMax: number
  /** Called once, when the exchange is over on both sides. */
  readonly closed: (exchange: ServiceExchange) => void
}

/** A request that may not be sent twice only goes to a connection that was in use just now. */
const FRESH_MS = 1_000

/**
 * One request of a tunnel stream, on its way to the service and back:
 *
 *     stream ──▶ HeadReader ─▶ BodyDecoder ──────▶ socket (from the pool) ──▶ service
 *     stream ◀── ServiceResponse ◀─ ResponseReader ◀─┘
 *
 * A stream carries one request; a socket goes back to the pool when both sides of its exchange are
 * complete. Credit returns to the tunnel when the socket took the bytes, and the socket pauses when
 * the tunnel is full.
 */
export class ServiceExchange implements StreamHandler, SocketUser, Timed {
  private readonly stream: Stream
  private readonly options: ServiceExchangeOptions
  private readonly heads: HeadReader
  private readonly response: ServiceResponse
  private head: RequestHead | undefined
  private headText = ''
  private requestBody: BodyDecoder | undefined
  private requestChunked = false
  private upgrade: string | undefined
  /** What came behind an upgrade's head, before the 101; a window's worth at most. */
  private readonly early: Uint8Array[] = []
  private service: PooledSocket | undefined
  private spliced: Splice | undefined
  private reader: ResponseReader | undefined
  private done = false
  private owedBytes = 0
  requestBytes = 0
  seat = 0
  dueMs = Number.POSITIVE_INFINITY

  constructor(stream: Stream, options: ServiceExchangeOptions) {
    this.stream = stream
    this.options = options
    this.heads = new HeadReader(options.headBytesMax, decodeLatin1)
    this.response = new ServiceResponse(stream, () => this.responded())
    stream.attach(this)
  }

  /** For the access log: the request's head, once it has come. */
  get request(): RequestHead | undefined {
    return this.head
  }

  get outcome(): { status: number; fields: Fields; byteCount: number } {
    return this.response
  }

  /** Ends the exchange at once, whatever it is doing. */
  abort(): void {
    this.stream.reset()
    this.spliced?.reset()
    this.finish()
  }

  // What the tunnel brings.

  data(bytes: Uint8Array): void {
    if (this.done) return
    this.owedBytes += bytes.length
    if (this.head === undefined) this.readHead(bytes)
    else this.forward(bytes)
    if (this.service?.socket.writableNeedDrain !== true) this.drained()
  }

  /**
   * The other side's FIN. It comes behind the answer; before it, the client is gone: the deployed
   * Piko's server says so with a FIN, ours with a reset.
   */
  end(): void {
    if (!this.done) this.abort()
  }

  drain(): void {
    this.response.writable = true
    this.service?.socket.resume()
  }

  reset(): void {
    this.finish()
  }

  // What the service's socket brings.

  received(chunk: Uint8Array): void {
    const { service } = this
    const rest = (this.reader as ResponseReader).push(chunk)
    const { violation, upgraded } = this.reader as ResponseReader
    if (!this.done) this.response.flush()
    if (violation !== undefined) this.fail()
    else if (upgraded) this.splice(rest)
    // Nobody asked for what lies behind the answer: nobody else shall get it as his.
    else if (rest.length > 0) service?.destroy()
    else if (!this.response.writable) this.service?.socket.pause()
  }

  ended(): void {
    if (!this.done && this.reader?.finish() === 'truncated') this.lost(undefined)
  }

  drained(): void {
    const { owedBytes } = this
    this.owedBytes = 0
    if (owedBytes > 0) this.stream.consumed(owedBytes)
  }

  lost(error: Error | undefined): void {
    if (this.done) return
    if (!this.mayRetry()) return isDialFailure(error) ? this.decline() : this.fail()
    // Its FIN has come, and nothing of what still becomes of it concerns this exchange.
    this.service?.destroy()
    this.connect(this.options.pool.dial(this))
  }

  // The request's way.

  private readHead(bytes: Uint8Array): void {
    const progress = this.heads.push(bytes)
    if (progress.kind === 'more') return
    if (progress.kind === 'violation') return this.refuse(progress.violation)
    const head = parseRequestHead(progress.text)
    if (head instanceof HttpViolation) return this.refuse(head)
    const framing = requestBodyFraming(head)
    if (framing instanceof HttpViolation) return this.refuse(framing)
    this.head = head
    this.begin(head, framing)
    this.forward(progress.rest)
  }

  private begin(head: RequestHead, framing: BodyFraming): void {
    const { pool, basePath } = this.options
    this.upgrade = wantsUpgrade(head.fields)
    this.requestChunked = framing.kind === 'chunked'
    this.headText = serviceHead(head, { framing, upgrade: this.upgrade, basePath })
    this.requestBody = new BodyDecoder(framing, this.bodySink, {
      decodeLatin1,
      trailerBytesMax: this.options.headBytesMax,
    })
    this.renewDeadline()
    const idleMaxMs = this.isReplayable() ? Number.POSITIVE_INFINITY : FRESH_MS
    if (this.upgrade === undefined) this.connect(pool.take(this, idleMaxMs) ?? pool.dial(this))
    else this.connect(pool.dialDetachable(this))
  }

  private connect(service: PooledSocket): void {
    this.service = service
    this.reader = new ResponseReader(this.response, {
      requestMethod: this.head?.method ?? '',
      mayUpgrade: this.upgrade !== undefined,
      headBytesMax: this.options.headBytesMax,
      decodeLatin1,
    })
    service.socket.resume()
    service.write(this.headText)
  }

  /**
   * More of the request: its body, or what the client says in the protocol that it asked for. The
   * latter waits for the 101: a service that does not switch would read it as another request.
   */
  private forward(bytes: Uint8Array): void {
    if (this.upgrade !== undefined) {
      if (bytes.length > 0) this.early.push(bytes)
      this.owedBytes -= bytes.length
      return
    }
    this.requestBody?.push(bytes)
    if (this.requestBody?.violation !== undefined) this.abort()
  }

  private readonly bodySink: BodySink = {
    data: (bytes) => {
      this.requestBytes += bytes.length
      this.renewDeadline()
      for (const piece of this.requestChunked ? encodeChunk(bytes) : [bytes]) {
        this.service?.write(piece)
      }
    },
    end: (trailers) => {
      if (this.requestChunked) this.service?.write(encodeLastChunk(trailers))
    },
  }

  // The answer's way.

  /** The answer is complete: on the stream it ends here, and the socket may serve another. */
  private responded(): void {
    const { service } = this
    this.stream.end()
    if (service !== undefined && this.maySocketServeAgain()) {
      this.service = undefined
      this.options.pool.release(service)
    }
    this.finish()
  }

  private maySocketServeAgain(): boolean {
    const isRequestSent = this.requestBody?.done === true && this.upgrade === undefined
    return this.response.keepsAlive && isRequestSent
  }

  /** From here on it is bytes both ways, without an end that HTTP would know. */
  private splice(rest: Uint8Array): void {
    const service = this.service as PooledSocket
    this.dueMs = Number.POSITIVE_INFINITY
    this.service = undefined
    if (rest.length > 0) this.stream.write(rest)
    // From now on the splice listens, on both sides.
    this.spliced = new Splice(this.stream, service.detach(), () => this.finish())
    this.drained()
    for (const bytes of this.early.splice(0)) this.spliced.data(bytes)
  }

  /** A connection of the pool was dead before the service could have read the request. */
  private mayRetry(): boolean {
    const { service } = this
    return service?.reused === true && service.receivedBytes === 0 && this.isReplayable()
  }

  private isReplayable(): boolean {
    return this.requestBytes === 0 && this.requestBody?.done === true && this.isRepeatable()
  }

  private isRepeatable(): boolean {
    return this.head !== undefined && isIdempotent(this.head.method)
  }

  private renewDeadline(): void {
    const { timeoutMs } = this.options
    if (timeoutMs > 0) this.dueMs = performance.now() + timeoutMs
  }

  /** The answer has not begun in time. */
  expired(): void {
    if (this.response.status === 0) this.answer(ANSWERS.timeout)
  }

  /** The service is gone, or what it says is no HTTP. */
  private fail(): void {
    if (this.response.status === 0) this.answer(ANSWERS.unreachable)
    else this.abort()
  }

  /** The service cannot be reached: another upstream may have more luck. */
  private decline(): void {
    this.response.status = ANSWERS.unreachable.status
    this.response.fields = renderAnswer(ANSWERS.unreachable).fields
    this.stream.decline()
    this.finish()
  }

  private refuse(violation: HttpViolation): void {
    this.answer(badRequest(violation.message))
  }

  /** Gives the agent's own answer in the service's place. */
  private answer(answer: Answer): void {
    this.response.status = answer.status
    this.response.fields = renderAnswer(answer).fields
    this.stream.write(encodeLatin1(answerBytes(answer)))
    this.stream.end()
    this.finish()
  }

  private finish(): void {
    if (this.done) return
    this.done = true
    this.service?.destroy()
    this.service = undefined
    this.options.closed(this)
  }
}
