import type { Socket } from 'node:net'
import { ANSWERS } from '../../net/answer.ts'
import type { Answer } from '../../net/answer.ts'
import type { MessageTransport } from '../../net/message-transport.ts'
import { spliceStreams } from '../../net/stream-splice.ts'
import { WebSocketStream } from '../../net/websocket-stream.ts'
import type { YamuxError } from '../../yamux/errors.ts'
import type { Stream, StreamHandler } from '../../yamux/session.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { EdgeRequest } from './edge-request.ts'
import { maySendAgain } from './send-again.ts'
import { WaitingSocket } from './waiting-socket.ts'

export interface TcpExchangeOptions {
  readonly edge: EdgeRequest
  /** What the client sent right behind its request. */
  readonly early: Buffer
  /** Whether both ends know half-close. */
  readonly halfCloses: boolean
  /** Without an upstream that takes the connection for so long: 504; 0 = never. */
  readonly timeoutMs: number
  /** Completes the WebSocket's handshake, unless the client is gone. */
  readonly accept: (early: Buffer, opened: (transport: MessageTransport) => void) => void
  /** The upstream did not take the connection: finds another one, if it can. */
  readonly retry: (error: YamuxError) => boolean
  /** The client got its connection. */
  readonly connected: (exchange: TcpExchange) => void
  /** Called once, when the client's socket is gone. */
  readonly closed: (exchange: TcpExchange) => void
}

/** How long a silent connection is left alone before TCP probes whether the client is there. */
const KEEP_ALIVE_MS = 15_000

/**
 * A client's TCP connection to an endpoint, over a WebSocket. The client hears its 101 when an
 * upstream has taken the connection: until then another one may be tried.
 *
 *     waiting ──taken──▶ 101, spliced
 *        └──nobody──▶ 502
 */
export class TcpExchange implements StreamHandler {
  private readonly socket: Socket
  private readonly waiting: WaitingSocket
  private readonly options: TcpExchangeOptions
  private stream: Stream | undefined
  private client: WebSocketStream | undefined
  private fromTunnel: StreamHandler | undefined
  private timer: NodeJS.Timeout | undefined
  private done = false
  status = 0

  constructor(socket: Socket, options: TcpExchangeOptions) {
    this.socket = socket
    this.options = options
    this.waiting = new WaitingSocket(socket, options.early)
  }

  get fromClientBytes(): number {
    return this.client?.receivedBytes ?? 0
  }

  get toClientBytes(): number {
    return this.client?.sentBytes ?? 0
  }

  /** Hands the connection to an upstream. False when that takes no more: try another. */
  start(upstream: Upstream): boolean {
    // A client that left while it waited needs no upstream.
    if (this.done) return true
    const stream = upstream.open(this)
    if (stream === undefined) return false
    this.stream = stream
    stream.flushOpen()
    const { timeoutMs } = this.options
    if (timeoutMs > 0) this.timer ??= setTimeout(() => this.timedOut(), timeoutMs)
    return true
  }

  /** Gives Piko's own answer in the connection's place. */
  answer(answer: Answer): void {
    if (this.done) return
    this.done = true
    clearTimeout(this.timer)
    this.status = answer.status
    this.waiting.answer(answer)
  }

  // What the stream brings, until it is spliced.

  opened(): void {
    if (this.done) return
    this.done = true
    clearTimeout(this.timer)
    this.options.accept(this.waiting.stopWaiting(), (transport) => this.splice(transport))
    if (this.client === undefined) this.stream?.reset()
  }

  data(bytes: Uint8Array): void {
    this.fromTunnel?.data(bytes)
  }

  end(): void {
    this.fromTunnel?.end()
  }

  drain(): void {
    // Nothing is written before the splice.
  }

  reset(error: YamuxError): void {
    if (this.done) return
    if (maySendAgain(this.options.edge, error) && this.options.retry(error)) return
    this.answer(ANSWERS.unreachable)
  }

  /** The client's socket is gone. Once. */
  clientGone(): void {
    clearTimeout(this.timer)
    if (!this.done) this.stream?.reset()
    this.done = true
    this.options.closed(this)
  }

  private splice(transport: MessageTransport): void {
    this.status = 101
    this.socket.setKeepAlive(true, KEEP_ALIVE_MS)
    this.client = new WebSocketStream(transport, this.options)
    this.fromTunnel = spliceStreams(this.client, this.stream as Stream).fromB
    this.options.connected(this)
  }

  private timedOut(): void {
    this.stream?.reset()
    this.answer(ANSWERS.timeout)
  }
}
