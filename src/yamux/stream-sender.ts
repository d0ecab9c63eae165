import { assert } from '../std/assert.ts'
import { ByteQueue } from '../std/byte-queue.ts'
import { SendWindow } from './flow-control.ts'
import type { Sender, SendLine } from './send-line.ts'

/** What a sender needs from its stream. */
export interface SenderStream {
  /** Whether a frame may leave. If not, the stream calls `resume` when it may. */
  introduce(): boolean
  sendData(payload: Uint8Array): void
  sendFin(): void
  /** All that was written has left, and there is room again. */
  drained(): void
  /** Bytes have waited for the transport for too long. */
  stalled(): void
}

/** A longer write becomes several frames, so that a full transport is noticed between them. */
const FRAME_BYTES_MAX = 65_536

/** What a stream sends in one turn of the line. */
const TURN_BYTES = 65_536

/**
 * The outgoing half of a stream. Bytes wait for three things, in this order:
 *
 *     write ──▶ ( queue ) ──▶ slot? ───▶ transport? ──▶ window? ──▶ data frame
 *     end ─────▶ behind it    OpenGate   SendLine      SendWindow
 *                             resume     takeTurn      granted      ◀── what ends the wait
 *
 * Whatever is called on the way may call back: each step reads the state anew, and a payload leaves
 * the queue only in the moment in which its frame is written.
 */
export class StreamSender implements Sender {
  private readonly stream: SenderStream
  private readonly line: SendLine
  private readonly window = new SendWindow()
  private readonly queue = new ByteQueue()
  /** `ending`: the end was asked for; FIN follows the queue. */
  private phase: 'open' | 'ending' | 'ended' = 'open'
  /** The last `write` returned false, and `drained` is owed. */
  private wantsDrain = false
  /** The stream may not introduce itself yet, so the line is not what it waits for. */
  private isHeld = false

  constructor(stream: SenderStream, line: SendLine) {
    this.stream = stream
    this.line = line
  }

  get queuedBytes(): number {
    return this.queue.byteLength
  }

  /** Takes all bytes; false when the writer should wait for `drained`. */
  write(bytes: Uint8Array): boolean {
    assert(this.phase === 'open', 'nothing is written behind the end')
    if (this.leavesWhole(bytes.length)) this.sendData(bytes)
    else this.enqueue(bytes)
    return this.askForDrain()
  }

  /** As `write`, for bytes that change when this returns. */
  writeLent(bytes: Uint8Array): boolean {
    assert(this.phase === 'open', 'nothing is written behind the end')
    if (this.leavesWhole(bytes.length)) this.sendData(bytes)
    else this.enqueue(new Uint8Array(bytes))
    return this.askForDrain()
  }

  end(): void {
    if (this.phase !== 'open') return
    this.phase = 'ending'
    if (this.queue.byteLength === 0) this.sendFin()
  }

  /** The stream is gone: what has not left never will. */
  abandon(): void {
    this.phase = 'ended'
    this.wantsDrain = false
    this.queue.clear()
    this.line.leave(this)
  }

  granted(byteCount: number): void {
    this.window.grant(byteCount)
    if (this.queue.byteLength > 0 || this.wantsDrain) this.resume()
  }

  /** Something that held the stream up is gone. */
  resume(): void {
    this.isHeld = false
    if (!this.line.isBusy) this.pump(Infinity)
    this.settle()
  }

  takeTurn(): void {
    this.pump(TURN_BYTES)
    if (this.queue.byteLength > 0) this.joinLine()
    else this.settle()
  }

  stalled(): void {
    if (this.queue.byteLength > 0) this.stream.stalled()
  }

  /** Nothing is queued, and the next byte could leave. */
  private get isWritable(): boolean {
    return this.queue.byteLength === 0 && this.window.available > 0 && !this.line.isCongested
  }

  private enqueue(bytes: Uint8Array): void {
    this.queue.push(bytes)
    if (!this.line.isBusy) this.pump(Infinity)
  }

  /** Whether more may be written; if not, `drained` is owed. */
  private askForDrain(): boolean {
    this.wantsDrain = !this.isWritable
    if (this.wantsDrain) this.joinLine()
    return !this.wantsDrain
  }

  /** The way of a small write: one frame, and no queue. */
  private leavesWhole(byteCount: number): boolean {
    return (
      byteCount > 0 &&
      byteCount <= FRAME_BYTES_MAX &&
      this.queue.byteLength === 0 &&
      !this.line.isBusy &&
      this.mayIntroduce() &&
      byteCount <= this.window.available
    )
  }

  private pump(bytesMax: number): void {
    let left = bytesMax
    while (left > 0 && this.queue.byteLength > 0 && !this.line.isCongested) {
      if (!this.mayIntroduce() || this.window.available === 0) return
      const payload = this.queue.shift(Math.min(left, this.window.available, FRAME_BYTES_MAX))
      left -= payload.length
      this.sendData(payload)
    }
  }

  private mayIntroduce(): boolean {
    this.isHeld = !this.stream.introduce()
    return !this.isHeld
  }

  private sendData(payload: Uint8Array): void {
    this.window.take(payload.length)
    this.stream.sendData(payload)
  }

  private sendFin(): void {
    if (!this.mayIntroduce()) return
    this.phase = 'ended'
    this.stream.sendFin()
  }

  /** Does what was put off until the queue is empty, or waits on. */
  private settle(): void {
    if (this.phase === 'ending' && this.queue.byteLength === 0) {
      this.sendFin()
    } else if (this.wantsDrain && this.isWritable) {
      this.wantsDrain = false
      if (this.phase === 'open') this.stream.drained()
    } else {
      this.joinLine()
    }
  }

  /** Only those stand in line whom a turn would help; others would keep it going for nothing. */
  private joinLine(): void {
    const wants = this.queue.byteLength > 0 || this.wantsDrain
    if (wants && !this.isHeld && this.window.available > 0) this.line.join(this)
  }
}
