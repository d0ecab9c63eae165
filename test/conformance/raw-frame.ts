/**
 * WebSocket frames written and read in the most literal way, byte by byte: the oracle for Piko's
 * own framing, able to write every frame that is wrong.
 */
export interface RawFrame {
  readonly opcode: number
  readonly payload: Uint8Array
  /** Default: true. */
  readonly fin?: boolean
  /** The three reserved bits, as a number of 0 to 7. Default: 0. */
  readonly rsv?: number
  /** Default: no mask. */
  readonly mask?: readonly number[] | undefined
  /** Default: the shortest that holds the payload. */
  readonly lengthForm?: 7 | 16 | 64
  /** What the length field says, if that is a lie. */
  readonly claimedLength?: bigint
}

export const OP = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

export function encodeRaw(frame: RawFrame): Uint8Array {
  const { opcode, payload, fin = true, rsv = 0, mask } = frame
  const length = frame.claimedLength ?? BigInt(payload.length)
  const form = frame.lengthForm ?? shortestForm(length)
  const maskBit = mask === undefined ? 0 : 0x80
  const bytes = [(fin ? 0x80 : 0) | (rsv << 4) | opcode]
  if (form === 7) bytes.push(maskBit | Number(length))
  else bytes.push(maskBit | (form === 16 ? 126 : 127))
  const lengthBytes = form === 7 ? 0 : form / 8
  for (let i = lengthBytes - 1; i >= 0; i--) bytes.push(Number((length >> BigInt(8 * i)) & 0xffn))
  if (mask !== undefined) bytes.push(...mask)
  const encoded = new Uint8Array(bytes.length + payload.length)
  encoded.set(bytes)
  encoded.set(
    mask === undefined ? payload : payload.map((byte, i) => byte ^ (mask[i % 4] as number)),
    bytes.length,
  )
  return encoded
}

function shortestForm(length: bigint): 7 | 16 | 64 {
  if (length < 126n) return 7
  return length < 65_536n ? 16 : 64
}

/** The first frame of `bytes` and what is behind it; undefined while it is incomplete. */
export function decodeRaw(
  bytes: Uint8Array,
): { frame: RawFrame; rest: Uint8Array; minimal: boolean } | undefined {
  if (bytes.length < 2) return undefined
  const [first, second] = bytes as unknown as [number, number]
  const short = second & 0x7f
  const form = short === 126 ? 16 : short === 127 ? 64 : 7
  const lengthBytes = form === 7 ? 0 : form / 8
  const maskBytes = second >= 0x80 ? 4 : 0
  const payloadAt = 2 + lengthBytes + maskBytes
  if (bytes.length < payloadAt) return undefined
  let length = form === 7 ? short : 0
  for (let i = 0; i < lengthBytes; i++) length = length * 256 + (bytes[2 + i] as number)
  const end = payloadAt + length
  if (bytes.length < end) return undefined
  const mask = maskBytes === 0 ? undefined : [...bytes.subarray(payloadAt - 4, payloadAt)]
  const payload = bytes
    .slice(payloadAt, end)
    .map((byte, i) => (mask === undefined ? byte : byte ^ (mask[i % 4] as number)))
  return {
    frame: { opcode: first & 0x0f, payload, fin: first >= 0x80, rsv: (first >> 4) & 7, mask },
    rest: bytes.subarray(end),
    minimal: form === shortestForm(BigInt(length)),
  }
}

/** The payload of a Close. */
export function closeBody(code: number, reason: Uint8Array | string = ''): Uint8Array {
  return Buffer.concat([Uint8Array.of(code >> 8, code & 0xff), Buffer.from(reason)])
}

/** Bytes of which every position differs from its neighbours and from a copy shifted by a word. */
export function pattern(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = (i * 131 + (i >> 8) * 17 + 7) & 0xff
  return bytes
}
