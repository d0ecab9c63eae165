import { Buffer } from 'node:buffer'
import { deepStrictEqual, ok } from 'node:assert/strict'
import fc from 'fast-check'
import type { Arbitrary } from 'fast-check'
import { WebSocketDecoder } from '../../../src/net/websocket-decoder.ts'
import type { WebSocketRole } from '../../../src/net/websocket-frame.ts'
import { decodeNaively } from '../../conformance/naive-decoder.ts'
import type { DecodedFrames } from '../../conformance/naive-decoder.ts'
import { closeBody, encodeRaw, OP } from '../../conformance/raw-frame.ts'
import type { RawFrame } from '../../conformance/raw-frame.ts'
import { cuts, damaged, mostly, pieces } from '../damage.ts'
import { fuzzTarget } from '../fuzz-target.ts'

const MESSAGE_BYTES_MAX = 400

const payload = fc.uint8Array({ maxLength: 200, size: 'max' })
const mask = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255))

const short = fc.uint8Array({ maxLength: 125, size: 'max' })

const rightFrame: Arbitrary<RawFrame> = fc.oneof(
  fc.record({ opcode: fc.constant(OP.binary), payload, fin: fc.boolean() }),
  fc.record({ opcode: fc.constantFrom(OP.ping, OP.pong), payload: short }),
)

const oddFrame: Arbitrary<RawFrame> = fc.oneof(
  fc.record({ opcode: fc.constantFrom(OP.continuation, OP.text, OP.ping), payload }),
  fc
    .tuple(fc.integer({ min: 990, max: 5_010 }), fc.string({ unit: 'grapheme', maxLength: 10 }))
    .map(([code, reason]) => ({ opcode: OP.close, payload: closeBody(code, reason) })),
  fc.record({
    opcode: fc.nat(15),
    payload,
    rsv: fc.constantFrom(0, 0, 0, 4),
    lengthForm: fc.constantFrom(16 as const, 64 as const),
    claimedLength: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  }),
)

const frame = mostly(rightFrame, oddFrame)

/** Continues what is not over, as a peer would that keeps the rules. */
function inOrder(frames: readonly RawFrame[]): RawFrame[] {
  let isOpen = false
  return frames.map((one) => {
    if (one.opcode !== OP.binary) return one
    const opcode = isOpen ? OP.continuation : OP.binary
    isOpen = one.fin === false
    return { ...one, opcode }
  })
}

const sequences = fc
  .tuple(
    fc.array(fc.tuple(frame, mask, fc.nat(100)), { maxLength: 10 }),
    fc.boolean(),
    fc.boolean(),
  )
  .map(([drawn, isServer, isOrdered]): readonly [Uint8Array, WebSocketRole] => {
    const drawnFrames = drawn.map(([one]) => one)
    const frames = isOrdered ? inOrder(drawnFrames) : drawnFrames
    const encoded = frames.map((one, index) => {
      const [, key, oddity] = drawn[index] as (typeof drawn)[number]
      return encodeRaw({ ...one, mask: isServer !== (oddity === 0) ? key : undefined })
    })
    return [Buffer.concat(encoded), isServer ? 'server' : 'client']
  })

/** Frames of either side, damaged, in pieces: what a slow decoder makes of them all at once. */
export const websocket = fuzzTarget(
  'websocket',
  sequences.chain(([bytes, role]) =>
    fc.tuple(damaged(fc.constant(bytes)), cuts, fc.constant(role)),
  ),
  ([bytes, sizes, role]) => {
    deepStrictEqual(decode(bytes, sizes, role), decodeNaively(bytes, role, MESSAGE_BYTES_MAX))
  },
)

function decode(bytes: Uint8Array, sizes: readonly number[], role: WebSocketRole): DecodedFrames {
  const decoded: DecodedFrames = { payload: [], events: [] }
  const decoder = new WebSocketDecoder(role, MESSAGE_BYTES_MAX, {
    payload(piece) {
      ok(piece.length > 0)
      decoded.payload.push(...piece)
    },
    emptyMessage: () => decoded.events.push('empty message'),
    ping: (content) => decoded.events.push(`ping ${content.join(' ')}`),
    closed: (code, reason) => decoded.events.push(`close ${code} ${reason}`),
    violated: (error) => decoded.events.push(`violation ${error.closeCode}`),
  })
  for (const piece of pieces(bytes, sizes)) decoder.push(piece)
  return decoded
}
