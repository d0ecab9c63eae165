import { assert } from '../std/assert.ts'
import type { SessionConfig } from './config.ts'
import { YamuxError } from './errors.ts'
import { ReceiveWindow } from './flow-control.ts'
import { Flag, INITIAL_WINDOW_BYTES, Lead, ResetReason } from './frame.ts'
import type { FrameWriter } from './frame.ts'
import type { Opener, OpenGate } from './open-gate.ts'
import type { SendLine } from './send-line.ts'
import { TRANSITIONS } from './stream-state.ts'
import type { StreamEvent, StreamState } from './stream-state.ts'
import { StreamSender } from './stream-sender.ts'
import type { SenderStream } from './stream-sender.ts'
import type { Stream, StreamHandler } from './stream.ts'

/** Why bytes cannot be kept. */
export type HoldRefusal = 'held-too-much' | 'budget-spent'

/** Where a stream's frames go, and the news that this side gave it up. */
export interface StreamWriter extends FrameWriter {
  gaveUp?(error: YamuxError): void
}

/** What a stream shares with the others of its session. */
export interface StreamHost {
  readonly config: SessionConfig
  readonly writer: StreamWriter
  readonly gate: OpenGate
  readonly line: SendLine
  /** The time of the last call from outside, in milliseconds. */
  readonly nowMs: number
  /** Counts bytes that the streams hold for their users; `streamBytes` of them this one. */
  hold(byteCount: number, streamBytes: number): HoldRefusal | undefined
  /** Forgets a stream that was closed or reset. */
  forget(streamId: number): void
}

/** A frame with so few bytes costs more to keep than it carries. */
const TINY_BYTES = 16

/** How many of them a stream may hold: a window full of them would cost a hundred windows. */
const TINY_FRAMES_MAX = 8_192

/** Views of a chunk this many times as large are copied when they have to be kept. */
const MERE_VIEW_FACTOR = 4
const TINY_BYTES_KEPT = 1_024

/**
 * A stream inside its session: the user calls from one side, the peer's frames come from the other,
 * and what both do goes through the table of stream-state.ts. The outgoing bytes are the sender's.
 */
export class MuxStream implements Stream, Opener, SenderStream {
  readonly id: number
  private readonly host: StreamHost
  private readonly sender: StreamSender
  private readonly receiveWindow: ReceiveWindow
  private handler: StreamHandler | undefined
  private state: StreamState
  private received = 0
  /** Tiny frames since nothing was held the last time. */
  private tinyFrames = 0
  private hasSlot = false
  /** When the stream is given up unless the peer does something; see `tick`. */
  private deadlineMs = Infinity

  /** `idle`: opened on this side. `offered`: the peer's SYN has come. */
  constructor(host: StreamHost, id: number, state: 'idle' | 'offered') {
    this.host = host
    this.id = id
    this.state = state
    this.sender = new StreamSender(this, host.line)
    this.receiveWindow = new ReceiveWindow(host.config.windowBytes)
  }

  get isClosed(): boolean {
    return this.state === 'closed' || this.state === 'reset'
  }

  get peerEnded(): boolean {
    return this.state === 'peerEnded' || this.state === 'closed'
  }

  get receivedBytes(): number {
    return this.received
  }

  get queuedBytes(): number {
    return this.sender.queuedBytes
  }

  /** The peer has not heard of the stream: a frame for its id is one for an unknown stream. */
  get isIdle(): boolean {
    return this.state === 'idle'
  }

  // What the user does.

  attach(handler: StreamHandler): void {
    this.handler = handler
  }

  flushOpen(): void {
    if (this.state === 'idle' && this.claimSlot()) this.sendSyn()
  }

  write(bytes: Uint8Array): boolean {
    return !this.isClosed && this.sender.write(bytes)
  }

  writeLent(bytes: Uint8Array): boolean {
    return !this.isClosed && this.sender.writeLent(bytes)
  }

  end(): void {
    this.sender.end()
  }

  reset(): void {
    if (this.isClosed) return
    this.sendRst()
    this.leave('aborted')
  }

  decline(): void {
    if (this.isClosed) return
    this.sendRst(ResetReason.declined)
    this.leave('aborted')
  }

  consumed(byteCount: number): void {
    if (this.isClosed) return
    const credit = this.receiveWindow.consume(byteCount)
    this.host.hold(-byteCount, this.receiveWindow.heldBytes)
    if (this.receiveWindow.heldBytes === 0) this.tinyFrames = 0
    this.renewHalfClose()
    if (credit > 0 && this.state !== 'peerEnded') {
      this.host.writer.control(Lead.windowUpdate, this.id, credit)
    }
  }

  // What the peer does.

  /** A frame of the peer came, and that is an ACK, whatever its flags. */
  answered(): void {
    if (this.state !== 'opening' && this.state !== 'openingEnded') return
    this.advance('answered')
    this.deadlineMs = Infinity
    this.renewHalfClose()
    this.releaseSlot()
    this.handler?.opened?.()
  }

  /** A data frame begins; false when the peer has no window for it. */
  reserve(byteCount: number): boolean {
    if (byteCount < TINY_BYTES) this.tinyFrames += 1
    return this.receiveWindow.reserve(byteCount)
  }

  /**
   * A piece of a payload. Behind the peer's FIN it is dropped and its window kept: a Go program may
   * close a stream while it writes to it, which must not cost the session.
   */
  deliver(bytes: Uint8Array): void {
    if (this.isClosed || this.peerEnded) return
    const isBehind = this.receiveWindow.heldBytes > 0
    this.receiveWindow.deliver(bytes.length)
    this.received += bytes.length
    this.renewHalfClose()
    const refusal = this.hold(bytes.length)
    if (refusal !== undefined) this.fail(new YamuxError(refusal))
    else this.handler?.data(isBehind && isMereView(bytes) ? new Uint8Array(bytes) : bytes)
  }

  granted(byteCount: number): void {
    this.sender.granted(byteCount)
  }

  /** The peer's FIN, behind its data; false when it has come before. */
  peerFin(): boolean {
    const next = TRANSITIONS[this.state].peerFin
    if (next === 'violation') return false
    if (next === 'closed') this.leave('peerFin')
    else this.advance('peerFin')
    this.handler?.end()
    return true
  }

  /** `hasAnswered`: the peer had taken the stream before, or says so in the same frame. */
  peerRst(hasAnswered: boolean, reason: number): void {
    const isTaken = hasAnswered || !this.hasSlot
    const hasDeclined = reason === ResetReason.declined && this.received === 0
    const code = !isTaken ? 'refused' : hasDeclined ? 'declined' : 'reset'
    this.leave('peerRst')
    this.handler?.reset(new YamuxError(code))
  }

  // What the session does.

  /** The owner took the peer's stream: the peer gets its ACK, and the window above the initial. */
  acknowledge(): void {
    if (this.state !== 'offered') return
    assert(this.handler !== undefined, 'an accepted stream is given a handler at once')
    this.advance('ackSent')
    this.host.writer.control(Lead.ack, this.id, this.windowDelta)
  }

  /** Ends the stream for a reason of this side: the peer gets RST, the user hears why. */
  fail(error: YamuxError): void {
    if (this.isClosed) return
    this.sendRst()
    this.host.writer.gaveUp?.(error)
    this.lose(error)
  }

  /** Ends the stream without a word to the peer. */
  lose(error: YamuxError): void {
    if (this.isClosed) return
    this.leave('aborted')
    this.handler?.reset(error)
  }

  tick(nowMs: number): void {
    if (nowMs < this.deadlineMs) return
    const code = this.state === 'localEnded' ? 'half-close-timeout' : 'open-timeout'
    this.fail(new YamuxError(code))
  }

  /** The gate has a slot. */
  openNow(): void {
    this.flushOpen()
    this.sender.resume()
  }

  // What the sender does.

  /**
   * Whether the peer knows the stream, or may hear of it by the next frame. SYN rides on that one,
   * unless there is a larger window to grant: only a window update carries that.
   */
  introduce(): boolean {
    if (this.state === 'offered') this.acknowledge()
    if (this.state !== 'idle') return true
    if (!this.claimSlot()) return false
    if (this.windowDelta > 0) this.sendSyn()
    return true
  }

  sendData(payload: Uint8Array): void {
    let flags = 0
    if (this.state === 'idle') {
      this.advance('synSent')
      flags = Flag.syn
    }
    this.host.writer.data(flags, this.id, payload)
  }

  /** Never on a data frame: the Go peers see the end before they store the bytes beside it. */
  sendFin(): void {
    if (this.state === 'idle') this.sendSyn()
    this.host.writer.control(Lead.fin, this.id, 0)
    if (TRANSITIONS[this.state].finSent === 'closed') {
      this.leave('finSent')
    } else {
      this.advance('finSent')
      this.renewHalfClose()
    }
  }

  drained(): void {
    this.handler?.drain()
  }

  stalled(): void {
    this.fail(new YamuxError('write-stalled'))
  }

  // State.

  private hold(byteCount: number): HoldRefusal | undefined {
    const refusal = this.host.hold(byteCount, this.receiveWindow.heldBytes)
    return this.tinyFrames > TINY_FRAMES_MAX ? 'held-too-much' : refusal
  }

  private get windowDelta(): number {
    return this.host.config.windowBytes - INITIAL_WINDOW_BYTES
  }

  private sendSyn(): void {
    this.advance('synSent')
    this.host.writer.control(Lead.syn, this.id, this.windowDelta)
  }

  private sendRst(reason: number = ResetReason.none): void {
    if (this.state !== 'idle') this.host.writer.control(Lead.rst, this.id, reason)
  }

  private claimSlot(): boolean {
    if (this.deadlineMs === Infinity) {
      this.deadlineMs = this.host.nowMs + this.host.config.openTimeoutMs
    }
    this.hasSlot ||= this.host.gate.claim(this)
    return this.hasSlot
  }

  private releaseSlot(): void {
    if (!this.hasSlot) return
    this.hasSlot = false
    this.host.gate.release()
  }

  /** A half-closed stream lives as long as something happens on it: answers may take hours. */
  private renewHalfClose(): void {
    if (this.state !== 'localEnded') return
    this.deadlineMs = this.host.nowMs + this.host.config.halfCloseTimeoutMs
  }

  private advance(event: StreamEvent): void {
    const next = TRANSITIONS[this.state][event]
    assert(next !== 'never' && next !== 'violation', `no ${event} while ${this.state}`)
    this.state = next
  }

  /** Into `closed` or `reset`. The slot comes last: freeing it sets other streams going. */
  private leave(event: StreamEvent): void {
    this.advance(event)
    this.sender.abandon()
    this.host.hold(-this.receiveWindow.heldBytes, 0)
    this.host.forget(this.id)
    this.host.gate.leave(this)
    this.releaseSlot()
  }
}

/**
 * Whether keeping these bytes would keep much more: they are a small part of what was received. A
 * consumer that is behind would pile up whole chunks, for which nobody has paid with a window.
 */
function isMereView(bytes: Uint8Array): boolean {
  return bytes.buffer.byteLength > MERE_VIEW_FACTOR * bytes.length + TINY_BYTES_KEPT
}
