/**
 * The layout of a yamux frame: 12 bytes, big-endian, then the payload if it is a data frame.
 *
 *      0        1        2                 4                 8                12
 *     ┌────────┬────────┬─────────────────┬─────────────────┬─────────────────┬─ ─ ─ ─ ─
 *     │version │ type   │ flags           │ stream id       │ length          │ payload
 *     └────────┴────────┴─────────────────┴─────────────────┴─────────────────┴─ ─ ─ ─ ─
 *      ╰───────── "lead": one number ────╯                   data: payload bytes
 *                                                            windowUpdate: credit
 * Version is 0, so `type << 16 | flags` is the whole first    ping: an opaque value
 * word, and the lead of a data frame is its flags alone.      goAway: a code
 */
export const HEADER_BYTES = 12

export const FrameType = { data: 0, windowUpdate: 1, ping: 2, goAway: 3 } as const

export const Flag = { syn: 1, ack: 2, fin: 4, rst: 8 } as const

/** The leads of every frame without a payload that a session writes. */
export const Lead = {
  windowUpdate: FrameType.windowUpdate << 16,
  syn: (FrameType.windowUpdate << 16) | Flag.syn,
  ack: (FrameType.windowUpdate << 16) | Flag.ack,
  fin: (FrameType.windowUpdate << 16) | Flag.fin,
  rst: (FrameType.windowUpdate << 16) | Flag.rst,
  ping: (FrameType.ping << 16) | Flag.syn,
  pong: (FrameType.ping << 16) | Flag.ack,
  goAway: FrameType.goAway << 16,
} as const

/**
 * The length of a frame with RST, which has no meaning elsewhere: why the stream was reset. A peer
 * that knows nothing of it adds this much to a window that nobody uses any more.
 */
export const ResetReason = { none: 0, declined: 1 } as const

/** Why a session ends. Others than 0 end it at once, those outside the specification too. */
export const GoAwayCode = { normal: 0, protocolError: 1, internalError: 2 } as const
export type GoAwayCode = (typeof GoAwayCode)[keyof typeof GoAwayCode]

/** What a stream may send in each direction before the first window update. */
export const INITIAL_WINDOW_BYTES = 262_144

/** The largest number that a header field holds. */
export const UINT32_MAX = 0xff_ff_ff_ff

/** Where frames go. Called synchronously, in the order of the wire; never throws. */
export interface FrameWriter {
  /** A frame without payload; `value` is its length field. */
  control(lead: number, streamId: number, value: number): void
  /** A data frame. `payload` may be held by reference until it has left. */
  data(flags: number, streamId: number, payload: Uint8Array): void
}

/** Writes a header into `target` at `offset`, where HEADER_BYTES must be free. */
// oxlint-disable-next-line max-params -- once per frame: an options object would be garbage
export function writeHeader(
  target: Uint8Array,
  offset: number,
  lead: number,
  streamId: number,
  length: number,
): void {
  writeUint32(target, offset, lead)
  writeUint32(target, offset + 4, streamId)
  writeUint32(target, offset + 8, length)
}

/* Shifts on the bytes: a DataView would be one more object per chunk. */

export function readUint32(bytes: Uint8Array, offset: number): number {
  return (
    (((bytes[offset] as number) << 24) |
      ((bytes[offset + 1] as number) << 16) |
      ((bytes[offset + 2] as number) << 8) |
      (bytes[offset + 3] as number)) >>>
    0
  )
}

function writeUint32(target: Uint8Array, offset: number, value: number): void {
  const bytes = target
  bytes[offset] = value >>> 24
  bytes[offset + 1] = value >>> 16
  bytes[offset + 2] = value >>> 8
  bytes[offset + 3] = value
}
