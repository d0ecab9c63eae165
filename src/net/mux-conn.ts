import type { SessionConfig } from '../yamux/config.ts'
import { YamuxError } from '../yamux/errors.ts'
import type { GoAwayCode } from '../yamux/frame.ts'
import { Session } from '../yamux/session.ts'
import type { SessionShell, Stream, StreamHandler } from '../yamux/session.ts'
import type { Ticking } from './heartbeat.ts'
import { Heartbeat } from './heartbeat.ts'
import { OutBatch } from './out-batch.ts'
import { ReadGarbage } from './read-garbage.ts'
import { SlabPool } from './slab-pool.ts'
import type { Transport, TransportHandler } from './transport.ts'
import { TurnFlush } from './turn-flush.ts'

/** What all tunnels of a process share. A program makes one and hands it down. */
export class MuxRuntime {
  readonly slabs = new SlabPool()
  readonly turn = new TurnFlush()
  readonly heartbeat = new Heartbeat()
  readonly garbage: ReadGarbage

  /** A library leaves the garbage alone. */
  constructor(garbage = new ReadGarbage()) {
    this.garbage = garbage
  }
}

/** What the owner of a tunnel is told. */
export interface MuxConnOwner {
  /** The peer opened a stream: attach a handler, or reset it, before returning. */
  accepted(stream: Stream): void
  /** The peer will accept no more streams; open ones live on. */
  peerGoAway(): void
  /** This side gave up a stream: it held too much, or its peer did not do its part in time. */
  gaveUp?(error: YamuxError): void
  /** The peer declined a stream, which hears of it next. */
  declined?(): void
  /** The tunnel is gone; every stream was told before. Exactly once. */
  closed(error: YamuxError): void
}

const NOTHING = new Uint8Array()

/** With this much unsent, streams hold their bytes back until the socket has drained. */
const CONGESTED_BYTES = 1024 * 1024

/** A peer that lets this much pile up takes no credit for its bytes: it floods or it is stuck. */
const BUFFERED_BYTES_MAX = 16 * 1024 * 1024

/**
 * One tunnel: a yamux session on a transport. Frames gather in a batch and leave at the turn's end;
 * a full socket pushes back into the session, and from there into every stream's source.
 */
export class MuxConn implements SessionShell, TransportHandler, Ticking {
  readonly session: Session
  private readonly transport: Transport
  private readonly owner: MuxConnOwner
  private readonly runtime: MuxRuntime
  private readonly batch: OutBatch
  private readonly stopTicking: () => void
  private onIdle: (() => void) | undefined
  private flushing = false
  private congested = false
  /** Unsent bytes when the congested transport was last looked at. */
  private stuckBytes = 0

  constructor(
    transport: Transport,
    owner: MuxConnOwner,
    { runtime, config }: { runtime: MuxRuntime; config: SessionConfig },
  ) {
    this.transport = transport
    this.owner = owner
    this.runtime = runtime
    this.batch = new OutBatch(transport, runtime.slabs)
    this.session = new Session(config, this, performance.now())
    this.stopTicking = runtime.heartbeat.add(this)
    transport.start(this)
  }

  /** Opens a stream towards the peer; undefined when the session takes no more. */
  open(handler: StreamHandler): Stream | undefined {
    return this.session.open(handler, performance.now())
  }

  /** Accepts no more streams; open ones live on. */
  goAway(): void {
    this.session.goAway()
  }

  /** Tells the peer why, ends every stream and closes the transport when that has left. */
  close(code: GoAwayCode, error: YamuxError): void {
    this.session.close(code, error)
  }

  /** Calls `idle` once, as soon as no stream is open: at once, if that is so now. */
  whenIdle(idle: () => void): void {
    this.onIdle = idle
    this.checkIdle()
  }

  // The world of the session.

  control(lead: number, streamId: number, value: number): void {
    this.batch.control(lead, streamId, value)
    this.scheduleFlush()
  }

  data(flags: number, streamId: number, payload: Uint8Array): void {
    this.runtime.garbage.add(payload.length)
    // A data frame's lead is its flags alone.
    this.batch.data(flags, streamId, payload)
    this.scheduleFlush()
    if (this.batch.byteLength + this.transport.bufferedBytes > CONGESTED_BYTES) this.congest()
  }

  accepted(stream: Stream): void {
    this.owner.accepted(stream)
  }

  peerGoAway(): void {
    this.owner.peerGoAway()
  }

  gaveUp(error: YamuxError): void {
    this.owner.gaveUp?.(error)
  }

  declined(): void {
    this.owner.declined?.()
  }

  /**
   * The session ended, by itself or through `close`: what it had to say leaves before the socket.
   */
  closed(error: YamuxError): void {
    this.stopTicking()
    this.batch.flush()
    // Whoever floods goes on while the last word waits for him: he may miss it.
    if (error.code === 'flood') this.transport.destroy()
    else this.transport.close()
    this.owner.closed(error)
  }

  /** The heartbeat: a congested transport that took something since has not stalled. */
  tick(nowMs: number): void {
    if (this.congested) {
      const { bufferedBytes } = this.transport
      if (bufferedBytes < this.stuckBytes) this.session.setCongested(true)
      this.stuckBytes = bufferedBytes
    }
    this.session.tick(nowMs)
    // Hundreds of tunnels tick in one turn: none keeps a slab for its ping until the turn ends.
    this.batch.flush()
  }

  // The world of the transport.

  bytes(chunk: Uint8Array): void {
    this.runtime.garbage.add(chunk.length)
    this.session.receive(chunk, performance.now())
    if (this.onIdle !== undefined) this.checkIdle()
  }

  /** Each costs its sender next to nothing, as a message of one byte does. */
  emptyMessage(): void {
    this.session.receive(NOTHING, performance.now())
  }

  pinged(): void {
    this.session.transportPinged()
  }

  drained(): void {
    if (!this.congested) return
    this.congested = false
    this.session.setCongested(false)
  }

  transportClosed(cause: Error | undefined): void {
    this.session.close(undefined, new YamuxError('connection-lost', undefined, { cause }))
  }

  /** The turn is over: everything that streams wrote in it leaves as one message. */
  flushTurn(): void {
    this.flushing = false
    this.batch.flush()
    if (this.onIdle !== undefined) this.checkIdle()
    const { bufferedBytes } = this.transport
    if (bufferedBytes === 0) this.drained()
    else if (bufferedBytes > BUFFERED_BYTES_MAX) this.giveUp()
  }

  private checkIdle(): void {
    const { onIdle } = this
    if (onIdle === undefined || this.session.streamCount > 0) return
    this.onIdle = undefined
    onIdle()
  }

  private scheduleFlush(): void {
    if (this.flushing) return
    this.flushing = true
    this.runtime.turn.add(this)
  }

  private congest(): void {
    if (this.congested) return
    this.congested = true
    this.stuckBytes = this.transport.bufferedBytes
    this.session.setCongested(true)
  }

  private giveUp(): void {
    this.session.close(undefined, new YamuxError('peer-stalled'))
    this.transport.destroy()
  }
}
