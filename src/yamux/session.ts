import { assert } from '../std/assert.ts'
import type { SessionConfig } from './config.ts'
import { FrameDecoder } from './decoder.ts'
import { goAwayCodeOf, YamuxError } from './errors.ts'
import { FloodGuard } from './flood-guard.ts'
import type { FloodKind } from './flood-guard.ts'
import {
  Flag,
  FrameType,
  GoAwayCode,
  HEADER_BYTES,
  INITIAL_WINDOW_BYTES,
  Lead,
  ResetReason,
} from './frame.ts'
import { KeepAlive } from './keep-alive.ts'
import type { MuxStream, StreamWriter } from './mux-stream.ts'
import { StreamSet } from './stream-set.ts'
import type { Stream, StreamHandler } from './stream.ts'

/** What a session needs from the world. Called synchronously; never throws. */
export interface SessionShell extends StreamWriter {
  /** The peer opened a stream: attach a handler, or reset it, before returning. */
  accepted(stream: Stream): void
  /** The peer takes no more streams; open ones live on. At most once. */
  peerGoAway(): void
  /** The peer cannot reach what its streams lead to: one was declined, and hears of it next. */
  declined?(): void
  /** The session is over, and every stream has been told. Exactly once, last. */
  closed(error: YamuxError): void
}

/** A window update with less credit is not worth its header; every implementation sends more. */
const FUTILE_CREDIT_BYTES = 1_024

/**
 * A yamux session without sockets or clocks: bytes and the time come in, frames go out.
 *
 *     receive ──▶ FrameDecoder ──▶ Session ──▶ MuxStream ──▶ StreamHandler
 *                                     │            │
 *     tick ─▶ KeepAlive, deadlines ───┴────────────┴──▶ SessionShell (control, data)
 *
 * What the peer does wrong ends a stream or the session, and never throws.
 */
export class Session {
  private readonly shell: SessionShell
  private readonly streams: StreamSet
  private readonly decoder = new FrameDecoder()
  private readonly keepAlive: KeepAlive
  private readonly flood = new FloodGuard()
  private readonly acceptsStreams: boolean
  /** Whose payload is coming; undefined when nobody wants it. */
  private receiver: MuxStream | undefined
  private isReceiving = false
  private isOver = false
  private isPeerGone = false
  private isGoingAway = false
  private pings = 0

  constructor(config: SessionConfig, shell: SessionShell, nowMs: number) {
    assert(config.windowBytes >= INITIAL_WINDOW_BYTES, 'a window is never below the initial one')
    this.shell = shell
    this.acceptsStreams = config.acceptStreams
    this.streams = new StreamSet(config, shell, nowMs)
    this.keepAlive = new KeepAlive(config.keepAliveIntervalMs, config.keepAliveTimeoutMs, nowMs)
  }

  /** Streams alive, whoever opened them. */
  get streamCount(): number {
    return this.streams.size
  }

  /** Whether as many streams are alive as may be. */
  get isFull(): boolean {
    return this.streams.isFull
  }

  /** Whether `open` gives a stream now. */
  get canOpen(): boolean {
    return !this.isOver && !this.isPeerGone && !this.streams.isFull && this.streams.hasIds
  }

  /** The peer said that it takes no more streams. */
  get peerGone(): boolean {
    return this.isPeerGone
  }

  get isClosed(): boolean {
    return this.isOver
  }

  /**
   * The peer's next bytes, cut anywhere; none for something that the transport took and that says
   * nothing. Views of them are handed on: they must not change.
   */
  receive(bytes: Uint8Array, nowMs: number): void {
    if (this.isOver) return
    if (bytes.length < HEADER_BYTES && !this.count(this.isWanted ? 'crumb' : 'scrap')) return
    if (bytes.length === 0) return
    assert(!this.isReceiving, 'bytes come one after the other')
    this.isReceiving = true
    this.streams.nowMs = nowMs
    this.keepAlive.heard(nowMs)
    this.decoder.push(bytes)
    while (!this.isOver) {
      const part = this.decoder.next()
      if (part === 'starved') break
      if (part === 'frame') this.frame()
      else this.payload()
    }
    this.isReceiving = false
  }

  /** The peer pinged the transport below, which answers by itself: not too often. */
  transportPinged(): void {
    this.count('ping')
  }

  /** Looks at all deadlines; to be called about once a second. */
  tick(nowMs: number): void {
    if (this.isOver) return
    this.streams.nowMs = nowMs
    this.flood.tick()
    const pulse = this.keepAlive.tick(nowMs)
    if (pulse === 'dead') {
      this.fail(new YamuxError('keep-alive-timeout'))
      return
    }
    if (pulse === 'ping') this.shell.control(Lead.ping, 0, this.nextPing())
    if (this.streams.size > 0) this.streams.tick(nowMs)
  }

  /** Opens a stream, of which the peer hears by its first frame; undefined unless `canOpen`. */
  open(handler: StreamHandler, nowMs: number): Stream | undefined {
    if (!this.canOpen) return undefined
    this.streams.nowMs = nowMs
    const stream = this.streams.open()
    stream.attach(handler)
    return stream
  }

  /**
   * The transport is full (writes queue), or has room again (they leave, stream by stream). While
   * it stays full, `true` again says that it took something, and so has not stalled.
   */
  setCongested(congested: boolean): void {
    if (!this.isOver) this.streams.line.setCongested(congested, this.streams.nowMs)
  }

  /** Takes no more streams of the peer, and tells it so; open ones live on. */
  goAway(code: GoAwayCode = GoAwayCode.normal): void {
    if (this.isOver || this.isGoingAway) return
    this.isGoingAway = true
    this.shell.control(Lead.goAway, 0, code)
  }

  /** Ends the session: tells the peer (if there is a `code`), every stream, then the shell. */
  close(code: GoAwayCode | undefined, error: YamuxError): void {
    if (this.isOver) return
    this.isOver = true
    this.receiver = undefined
    if (code !== undefined) this.shell.control(Lead.goAway, 0, code)
    this.streams.loseIdle(new YamuxError('refused', undefined, { cause: error }))
    this.streams.loseAll(new YamuxError('session-lost', undefined, { cause: error }))
    this.shell.closed(error)
  }

  private frame(): void {
    const { lead, streamId, length } = this.decoder
    switch (lead >>> 16) {
      case FrameType.data:
      case FrameType.windowUpdate:
        return this.streamFrame(lead, streamId, length)
      case FrameType.ping:
        return this.pinged(lead, length)
      case FrameType.goAway:
        return this.peerLeaves(length)
      default:
        return this.violated(`version ${lead >>> 24}, type ${(lead >>> 16) & 0xff}`)
    }
  }

  /** The order of a frame's parts: SYN, ACK, window or payload, FIN; RST takes the place of all. */
  private streamFrame(lead: number, streamId: number, length: number): void {
    this.receiver = undefined
    if ((lead & Flag.syn) !== 0) this.incoming(streamId)
    const stream = this.streams.get(streamId)
    if (stream === undefined || stream.isIdle) {
      this.count('futile')
    } else if ((lead & Flag.rst) !== 0) {
      if (this.streams.isPeerId(streamId) && !this.count('cancellation')) return
      // A data frame's length is that of its payload.
      const reason = lead >>> 16 === FrameType.windowUpdate ? length : ResetReason.none
      if (reason === ResetReason.declined) this.shell.declined?.()
      stream.peerRst((lead & Flag.ack) !== 0, reason)
    } else {
      stream.answered()
      if (lead >>> 16 === FrameType.data) this.dataFrame(stream, lead, length)
      else this.windowUpdate(stream, lead, length)
    }
  }

  private dataFrame(stream: MuxStream, lead: number, length: number): void {
    if (!stream.reserve(length)) {
      this.violated(`data beyond the window of stream ${stream.id}`)
    } else if (length > 0) {
      this.receiver = stream
    } else if ((lead & Flag.fin) !== 0) {
      this.peerFin(stream)
    } else if (lead === 0) {
      this.count('futile')
    }
  }

  private payload(): void {
    const stream = this.receiver
    if (stream === undefined) return
    stream.deliver(this.decoder.payload)
    const isLast = this.decoder.payloadLeft === 0
    if (isLast && (this.decoder.lead & Flag.fin) !== 0) this.peerFin(stream)
  }

  private windowUpdate(stream: MuxStream, lead: number, credit: number): void {
    if (lead === Lead.windowUpdate && credit < FUTILE_CREDIT_BYTES) this.count('futile')
    if (credit > 0) stream.granted(credit)
    if ((lead & Flag.fin) !== 0) this.peerFin(stream)
  }

  private peerFin(stream: MuxStream): void {
    if (stream.isClosed || this.isOver) return
    if (!stream.peerFin()) this.violated(`a second FIN on stream ${stream.id}`)
  }

  /**
   * The peer's SYN. Ids need not grow: a Go opener numbers its streams before it races to send, so
   * only an id in use is a duplicate.
   */
  private incoming(id: number): void {
    if (!this.streams.isPeerId(id)) {
      this.violated(`SYN with id ${id}, which is not the peer's to give`)
    } else if (this.streams.get(id) !== undefined) {
      this.violated(`a second SYN on stream ${id}`)
    } else if (!this.acceptsStreams || this.isGoingAway || this.streams.isFull) {
      if (this.count('refusal')) this.shell.control(Lead.rst, id, 0)
    } else {
      const stream = this.streams.offer(id)
      this.shell.accepted(stream)
      stream.acknowledge()
    }
  }

  private pinged(lead: number, value: number): void {
    if ((lead & Flag.syn) !== 0 && this.count('ping')) this.shell.control(Lead.pong, 0, value)
  }

  private peerLeaves(code: number): void {
    if (code !== GoAwayCode.normal) {
      this.close(undefined, new YamuxError('peer-go-away', `the peer ended the session (${code})`))
    } else if (!this.isPeerGone) {
      this.isPeerGone = true
      this.streams.loseIdle(new YamuxError('refused'))
      this.shell.peerGoAway()
    }
  }

  /** Whether what comes next is payload of a stream. */
  private get isWanted(): boolean {
    return this.receiver !== undefined && this.decoder.payloadLeft > 0
  }

  /** Counts a cheap frame; false when it was one too many, and ended the session. */
  private count(kind: FloodKind): boolean {
    if (this.isOver) return false
    if (this.flood.admits(kind)) return true
    this.fail(new YamuxError('flood', `too many frames of kind ${kind}`))
    return false
  }

  private violated(rule: string): void {
    this.fail(new YamuxError('protocol', `the peer broke the protocol: ${rule}`))
  }

  private fail(error: YamuxError): void {
    this.close(goAwayCodeOf(error), error)
  }

  private nextPing(): number {
    this.pings = (this.pings + 1) >>> 0
    return this.pings
  }
}

/* What a session is used with, so that its users import one file. */
export type { Stream, StreamHandler }
