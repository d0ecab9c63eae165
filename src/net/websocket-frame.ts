import { assert } from '../std/assert.ts'
import { HEADROOM_BYTES } from './transport.ts'
import { applyMask } from './websocket-mask.ts'

/**
 * The layout of a WebSocket frame (RFC 6455 §5.2); lengths are big-endian.
 *
 *      0        1        2                           (2, 4 or 10)          (+ 4)
 *     ┌────────┬────────┬─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─┬─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─┬─ ─ ─ ─ ─ ─
 *     │F000 op │M length│ real length: 2 bytes if   │ mask: 4 bytes if M   │ payload
 *     │        │        │ 126, 8 bytes if 127       │                      │
 *     └────────┴────────┴─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─┴─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─┴─ ─ ─ ─ ─ ─
 *      F: last frame of its message; then three bits for extensions, of which there are none
 */
export const Opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** Which end this is: a client masks what it sends, a server must not (RFC 6455 §5.1). */
export type WebSocketRole = 'client' | 'server'

export const FINAL_BIT = 0x80
export const RESERVED_BITS = 0x70
export const MASK_BIT = 0x80
/** Opcodes with this bit are control frames'. */
export const CONTROL_BIT = 0x08

/** Length fields with these values stand for a longer field behind them. */
export const LENGTH_16 = 126
export const LENGTH_64 = 127

export const CONTROL_PAYLOAD_BYTES_MAX = 125

/**
 * Makes one unfragmented message of `pieces`, which hold `byteLength` bytes: the first of the
 * returned pieces begins with the header, written into the room in front of it. With a mask, all
 * are masked in place.
 */
export function frameMessage(
  pieces: readonly Uint8Array[],
  byteLength: number,
  mask: number | undefined,
): readonly Uint8Array[] {
  const first = pieces[0]
  assert(first !== undefined && first.byteOffset >= HEADROOM_BYTES, 'a message comes with headroom')
  if (mask !== undefined) maskAll(pieces, mask)
  const headerBytes = headerLength(byteLength, mask)
  const start = first.byteOffset - headerBytes
  // A Buffer, since a socket would make one of it anyway.
  const framed = Buffer.from(first.buffer, start, headerBytes + first.length)
  writeHeader(framed, Opcode.binary, byteLength, mask)
  return pieces.length === 1 ? [framed] : [framed, ...pieces.slice(1)]
}

/** A whole control frame; its payload is CONTROL_PAYLOAD_BYTES_MAX at most, and copied. */
export function controlFrame(
  opcode: number,
  payload: Uint8Array,
  mask: number | undefined,
): Uint8Array {
  assert(payload.length <= CONTROL_PAYLOAD_BYTES_MAX, 'control frames are short')
  const headerBytes = headerLength(payload.length, mask)
  const frame = new Uint8Array(headerBytes + payload.length)
  writeHeader(frame, opcode, payload.length, mask)
  frame.set(payload, headerBytes)
  if (mask !== undefined) applyMask(frame.subarray(headerBytes), mask)
  return frame
}

function maskAll(pieces: readonly Uint8Array[], mask: number): void {
  let rest = mask
  for (const piece of pieces) rest = applyMask(piece, rest)
}

function headerLength(payloadBytes: number, mask: number | undefined): number {
  const maskBytes = mask === undefined ? 0 : 4
  if (payloadBytes < LENGTH_16) return 2 + maskBytes
  return (payloadBytes <= 0xff_ff ? 4 : 10) + maskBytes
}

/** Writes the shortest form of the length, as a frame must (RFC 6455 §5.2). */
function writeHeader(
  target: Uint8Array,
  opcode: number,
  payloadBytes: number,
  mask: number | undefined,
): void {
  const frame = target
  const maskBit = mask === undefined ? 0 : MASK_BIT
  let end = 2
  frame[0] = FINAL_BIT | opcode
  if (payloadBytes < LENGTH_16) {
    frame[1] = maskBit | payloadBytes
  } else if (payloadBytes <= 0xff_ff) {
    frame[1] = maskBit | LENGTH_16
    frame[2] = payloadBytes >>> 8
    frame[3] = payloadBytes
    end = 4
  } else {
    frame[1] = maskBit | LENGTH_64
    writeUint32(frame, 2, Math.floor(payloadBytes / 0x1_00_00_00_00))
    writeUint32(frame, 6, payloadBytes)
    end = 10
  }
  if (mask !== undefined) writeUint32(frame, end, mask)
}

function writeUint32(target: Uint8Array, offset: number, value: number): void {
  const bytes = target
  bytes[offset] = value >>> 24
  bytes[offset + 1] = value >>> 16
  bytes[offset + 2] = value >>> 8
  bytes[offset + 3] = value
}
