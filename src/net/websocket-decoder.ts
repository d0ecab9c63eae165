import { assert, unreachable } from '../std/assert.ts'
import { readClose } from './websocket-close.ts'
import { violation, WebSocketError } from './websocket-error.ts'
import {
  CONTROL_BIT,
  CONTROL_PAYLOAD_BYTES_MAX,
  FINAL_BIT,
  LENGTH_16,
  LENGTH_64,
  MASK_BIT,
  Opcode,
  RESERVED_BITS,
} from './websocket-frame.ts'
import type { WebSocketRole } from './websocket-frame.ts'
import { applyMask } from './websocket-mask.ts'

/** What a decoder finds. Called synchronously from `push`. */
export interface WebSocketSink {
  /** The next bytes of binary messages, unmasked: never none, and a view of what was pushed. */
  payload(bytes: Uint8Array): void
  /** A binary message without any bytes. */
  emptyMessage(): void
  /** The payload is the receiver's to keep. */
  ping(payload: Uint8Array): void
  /** The peer's Close; CloseCode.noStatus if it gave none. Last. */
  closed(closeCode: number, reason: string): void
  /** The peer broke a rule. Last. */
  violated(error: WebSocketError): void
}

type State =
  | 'lead'
  | 'length-16'
  | 'length-high'
  | 'length-low'
  | 'mask'
  | 'payload'
  | 'control'
  | 'over'

/**
 * Reads a peer's WebSocket frames out of a stream of bytes, and holds them to RFC 6455. A message
 * is never assembled: its boundaries mean nothing here (wire.md, Tunnel), so its bytes are handed
 * on as they come, unmasked where they lie.
 *
 *                 ┌───────────▶ length-16 ────────────┐
 *                 │126                                ▼
 *     ┌────▶ lead ┼──────────────────────────────────▶┬──▶ mask ──▶┬──▶ payload ──┐
 *     │           │127                                ▲            └──▶ control ──┤
 *     │           └─▶ length-high ─▶ length-low ──────┘                           │
 *     └───────────────────────────────────────────────────────────────────────────┘
 *
 * A Close, a violation or `stop` leads to over: nothing is decoded any more. What a server sends
 * has no mask; it is read as if masked with zeros.
 */
export class WebSocketDecoder {
  private readonly sink: WebSocketSink
  private readonly peerMasks: boolean
  private readonly messageBytesMax: number
  private state: State = 'lead'
  private chunk: Uint8Array = NOTHING
  private offset = 0
  /** The number that is being read, and how many of its bytes have come. */
  private value = 0
  private valueBytes = 0

  /** Of the current frame. */
  private opcode: number = Opcode.continuation
  private payloadLeft = 0
  private mask = 0
  private control: Uint8Array = NOTHING

  /** Whether the last data frame was not its message's last, and the message's bytes so far. */
  private inMessage = false
  private messageBytes = 0

  /** `messageBytesMax` is below 4 GiB. */
  constructor(role: WebSocketRole, messageBytesMax: number, sink: WebSocketSink) {
    assert(messageBytesMax < 0x1_00_00_00_00, 'lengths of 2^32 and more are refused unread')
    this.peerMasks = role === 'server'
    this.messageBytesMax = messageBytesMax
    this.sink = sink
  }

  /** Decodes the peer's next bytes, cut anywhere. They belong to the decoder and its sink. */
  push(bytes: Uint8Array): void {
    this.chunk = bytes
    this.offset = 0
    while (this.step());
    // An idle connection must not keep its last chunk alive.
    this.chunk = NOTHING
  }

  /** Lets go: whatever else comes is ignored. */
  stop(): void {
    this.state = 'over'
  }

  /** Takes the next part of a frame; false when more bytes are needed for it. */
  private step(): boolean {
    switch (this.state) {
      case 'lead':
        return this.takeLead()
      case 'length-16':
        return this.takeLength16()
      case 'length-high':
        return this.takeLengthHigh()
      case 'length-low':
        return this.takeLengthLow()
      case 'mask':
        return this.takeMask()
      case 'payload':
        return this.takePayload()
      case 'control':
        return this.takeControl()
      case 'over':
        return false
      default:
        return unreachable(this.state)
    }
  }

  /** Reads a big-endian number into `value`; false when a chunk's end cuts it. */
  private takeNumber(byteCount: number): boolean {
    if (this.valueBytes === 0) this.value = 0
    while (this.valueBytes < byteCount) {
      if (this.offset === this.chunk.length) return false
      this.value = ((this.value << 8) | (this.chunk[this.offset] as number)) >>> 0
      this.offset += 1
      this.valueBytes += 1
    }
    this.valueBytes = 0
    return true
  }

  private takeLead(): boolean {
    if (!this.takeNumber(2)) return false
    const first = this.value >>> 8
    const second = this.value & 0xff
    const error = this.brokenRule(first, second)
    if (error !== undefined) return this.fail(error)
    this.opcode = first & 0x0f
    if ((this.opcode & CONTROL_BIT) === 0) {
      if (this.opcode === Opcode.binary) this.messageBytes = 0
      this.inMessage = (first & FINAL_BIT) === 0
    }
    const length = second & ~MASK_BIT
    if (length === LENGTH_16) this.state = 'length-16'
    else if (length === LENGTH_64) this.state = 'length-high'
    else return this.haveLength(length)
    return true
  }

  /** What the first two bytes of a frame get wrong (RFC 6455 §5.2 to §5.5). */
  private brokenRule(first: number, second: number): WebSocketError | undefined {
    if ((first & RESERVED_BITS) !== 0) return violation('protocol', 'a reserved bit is set')
    if (((second & MASK_BIT) !== 0) !== this.peerMasks) {
      return violation('protocol', this.peerMasks ? 'a client must mask' : 'a server must not mask')
    }
    const isFinal = (first & FINAL_BIT) !== 0
    switch (first & 0x0f) {
      case Opcode.continuation:
        return this.inMessage ? undefined : violation('protocol', 'nothing is to be continued')
      case Opcode.binary:
        return this.inMessage ? violation('protocol', 'the last message is not over') : undefined
      case Opcode.text:
        return this.inMessage
          ? violation('protocol', 'the last message is not over')
          : violation('unsupported-data', 'messages are binary here')
      case Opcode.close:
      case Opcode.ping:
      case Opcode.pong:
        if (!isFinal) return violation('protocol', 'a control frame is fragmented')
        return (second & ~MASK_BIT) > CONTROL_PAYLOAD_BYTES_MAX
          ? violation('protocol', 'a control frame is too long')
          : undefined
      default:
        return violation('protocol', 'the opcode is reserved')
    }
  }

  private takeLength16(): boolean {
    if (!this.takeNumber(2)) return false
    return this.value < LENGTH_16 ? this.fail(notMinimal()) : this.haveLength(this.value)
  }

  private takeLengthHigh(): boolean {
    if (!this.takeNumber(4)) return false
    if (this.value > 0x7f_ff_ff_ff) {
      return this.fail(violation('protocol', 'a length has its top bit set'))
    }
    if (this.value > 0) return this.fail(tooBig())
    this.state = 'length-low'
    return true
  }

  private takeLengthLow(): boolean {
    if (!this.takeNumber(4)) return false
    return this.value <= 0xff_ff ? this.fail(notMinimal()) : this.haveLength(this.value)
  }

  private haveLength(length: number): boolean {
    this.payloadLeft = length
    if ((this.opcode & CONTROL_BIT) === 0) {
      this.messageBytes += length
      if (this.messageBytes > this.messageBytesMax) return this.fail(tooBig())
    } else {
      this.control = new Uint8Array(length)
    }
    if (this.peerMasks) this.state = 'mask'
    else this.beginPayload(0)
    return true
  }

  private takeMask(): boolean {
    if (!this.takeNumber(4)) return false
    this.beginPayload(this.value)
    return true
  }

  private beginPayload(mask: number): void {
    this.mask = mask
    if ((this.opcode & CONTROL_BIT) !== 0) this.state = 'control'
    else if (this.payloadLeft > 0) this.state = 'payload'
    else this.endEmptyFrame()
  }

  private endEmptyFrame(): void {
    this.state = 'lead'
    if (!this.inMessage && this.messageBytes === 0) this.sink.emptyMessage()
  }

  private takePayload(): boolean {
    const { chunk, offset } = this
    if (offset === chunk.length) return false
    const end = Math.min(chunk.length, offset + this.payloadLeft)
    const bytes = offset === 0 && end === chunk.length ? chunk : chunk.subarray(offset, end)
    this.offset = end
    this.payloadLeft -= bytes.length
    if (this.mask !== 0) this.mask = applyMask(bytes, this.mask)
    if (this.payloadLeft === 0) this.state = 'lead'
    this.sink.payload(bytes)
    return true
  }

  /** Control frames are gathered: they are short, and read as a whole. */
  private takeControl(): boolean {
    const { chunk, offset, control } = this
    const end = Math.min(chunk.length, offset + this.payloadLeft)
    control.set(chunk.subarray(offset, end), control.length - this.payloadLeft)
    this.payloadLeft -= end - offset
    this.offset = end
    if (this.payloadLeft > 0) return false
    applyMask(control, this.mask)
    this.control = NOTHING
    this.state = 'lead'
    if (this.opcode === Opcode.ping) this.sink.ping(control)
    if (this.opcode === Opcode.close) return this.takeClose(control)
    return true
  }

  private takeClose(payload: Uint8Array): boolean {
    const close = readClose(payload)
    if (close instanceof WebSocketError) return this.fail(close)
    this.state = 'over'
    this.sink.closed(close.closeCode, close.reason)
    return false
  }

  private fail(error: WebSocketError): false {
    this.state = 'over'
    this.sink.violated(error)
    return false
  }
}

function notMinimal(): WebSocketError {
  return violation('protocol', 'a length is not in its shortest form')
}

function tooBig(): WebSocketError {
  return violation('message-too-big', 'a message is too big')
}

const NOTHING = new Uint8Array(0)
