import { assert } from '../../std/assert.ts'
import type { Stream, StreamHandler } from '../../yamux/session.ts'
import type { ByteRate } from './byte-rate.ts'
import type { Upstream } from './upstream.ts'

/** What a stream that had to wait may write before it is looked at again. */
const TURN_BYTES = 64 * 1024

/** An upstream whose streams keep to a rate that they share with others. */
export class PacedUpstream implements Upstream {
  private readonly upstream: Upstream
  private readonly rate: ByteRate

  constructor(upstream: Upstream, rate: ByteRate) {
    this.upstream = upstream
    this.rate = rate
  }

  get canOpen(): boolean {
    return this.upstream.canOpen
  }

  open(handler: StreamHandler): Stream | undefined {
    const paced = new PacedStream(handler, this.rate)
    return paced.open(this.upstream) ? paced : undefined
  }
}

/**
 * A stream that stands between another one and its user, and makes both wait:
 *
 *     peer ──data──▶ user ──consumed──▶ [in line while overdrawn] ──credit──▶ peer
 *     user ──write──▶ peer    drain comes when there is room, and it is the user's turn
 *
 * Nothing that has come is held back: it is paid for, and what follows waits the longer.
 */
class PacedStream implements Stream {
  private readonly rate: ByteRate
  private handler: StreamHandler
  private readonly incoming: Prepaid
  private readonly outgoing: Prepaid
  private inner: Stream | undefined
  /** Consumed, and not yet told to the peer. */
  private owedBytes = 0
  private isFull = false
  private waitsToWrite = false

  constructor(handler: StreamHandler, rate: ByteRate) {
    this.handler = handler
    this.rate = rate
    this.incoming = new Prepaid(rate)
    this.outgoing = new Prepaid(rate)
  }

  open(upstream: Upstream): boolean {
    this.inner = upstream.open(this.fromPeer)
    return this.inner !== undefined
  }

  attach(handler: StreamHandler): void {
    this.handler = handler
  }

  flushOpen(): void {
    this.stream.flushOpen()
  }

  write(bytes: Uint8Array): boolean {
    return this.written(bytes.length, this.stream.write(bytes))
  }

  writeLent(bytes: Uint8Array): boolean {
    return this.written(bytes.length, this.stream.writeLent(bytes))
  }

  end(): void {
    this.outgoing.close()
    this.stream.end()
  }

  reset(): void {
    this.close()
    this.stream.reset()
  }

  decline(): void {
    this.close()
    this.stream.decline()
  }

  consumed(byteCount: number): void {
    const isInLine = this.owedBytes > 0
    this.owedBytes += byteCount
    if (isInLine) return
    if (this.rate.isOverdrawn) this.rate.wait(() => this.grant())
    else this.grant()
  }

  get id(): number {
    return this.stream.id
  }

  get isClosed(): boolean {
    return this.stream.isClosed
  }

  get peerEnded(): boolean {
    return this.stream.peerEnded
  }

  get receivedBytes(): number {
    return this.stream.receivedBytes
  }

  get queuedBytes(): number {
    return this.stream.queuedBytes
  }

  private readonly fromPeer: StreamHandler = {
    opened: () => this.handler.opened?.(),
    data: (bytes) => {
      this.incoming.use(bytes.length)
      this.handler.data(bytes)
    },
    end: () => {
      this.incoming.close()
      this.handler.end()
    },
    drain: () => {
      this.isFull = false
      if (!this.waitsToWrite) this.handler.drain()
    },
    reset: (error) => {
      this.close()
      this.handler.reset(error)
    },
  }

  private written(byteCount: number, hasRoom: boolean): boolean {
    this.outgoing.use(byteCount)
    this.isFull = !hasRoom
    if (!this.waitsToWrite && this.rate.isOverdrawn) {
      this.waitsToWrite = true
      this.rate.wait(() => this.writeOn())
    }
    return !this.isFull && !this.waitsToWrite
  }

  private get stream(): Stream {
    assert(this.inner !== undefined, 'a stream is open before it is used')
    return this.inner
  }

  private grant(): void {
    const { owedBytes } = this
    this.owedBytes = 0
    this.incoming.payAhead(owedBytes)
    this.stream.consumed(owedBytes)
  }

  private writeOn(): void {
    this.waitsToWrite = false
    this.outgoing.payAhead(TURN_BYTES)
    if (!this.isFull && !this.isClosed) this.handler.drain()
  }

  private close(): void {
    this.incoming.close()
    this.outgoing.close()
  }
}

/**
 * Bytes of one direction that were paid for before they move, so that many who go on at the same
 * moment do not overdraw together.
 */
class Prepaid {
  private readonly rate: ByteRate
  private left = 0
  private isClosed = false

  constructor(rate: ByteRate) {
    this.rate = rate
  }

  /** Pays for bytes that move now. */
  use(byteCount: number): void {
    const ahead = Math.min(this.left, byteCount)
    this.left -= ahead
    if (byteCount > ahead) this.rate.spend(byteCount - ahead)
  }

  payAhead(byteCount: number): void {
    if (this.isClosed) return
    this.rate.spend(byteCount)
    this.left += byteCount
  }

  /** Nothing moves any more: what was paid for it comes back. */
  close(): void {
    this.isClosed = true
    this.rate.spend(-this.left)
    this.left = 0
  }
}
