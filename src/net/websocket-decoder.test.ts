import fc from 'fast-check'
import { expect, test } from 'vitest'
import { closeBody, encodeRaw, OP, pattern } from '../../test/conformance/raw-frame.ts'
import type { RawFrame } from '../../test/conformance/raw-frame.ts'
import { decodeNaively } from '../../test/conformance/naive-decoder.ts'
import type { DecodedFrames } from '../../test/conformance/naive-decoder.ts'
import { WebSocketDecoder } from './websocket-decoder.ts'
import type { WebSocketRole } from './websocket-frame.ts'

const MESSAGE_BYTES_MAX = 200

function decode(bytes: Uint8Array, role: WebSocketRole, chunkBytes: () => number): DecodedFrames {
  const outcome: DecodedFrames = { payload: [], events: [] }
  const decoder = new WebSocketDecoder(role, MESSAGE_BYTES_MAX, {
    payload(piece) {
      expect(piece.length).toBeGreaterThan(0)
      outcome.payload.push(...piece)
    },
    emptyMessage: () => outcome.events.push('empty message'),
    ping: (payload) => outcome.events.push(`ping ${payload.join(' ')}`),
    closed: (code, reason) => outcome.events.push(`close ${code} ${reason}`),
    violated: (error) => outcome.events.push(`violation ${error.closeCode}`),
  })
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, at + chunkBytes())
    // A copy, since the decoder unmasks in place.
    decoder.push(Uint8Array.from(bytes.subarray(at, end)))
    at = end
  }
  return outcome
}

const maskOf = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255))
const bytesUpTo = (maxLength: number) => fc.uint8Array({ maxLength, size: 'max' })

/** Frames that keep the rules, in an order that may not. */
const goodFrame: fc.Arbitrary<RawFrame> = fc.oneof(
  fc.record({ opcode: fc.constantFrom(OP.binary), payload: bytesUpTo(140), fin: fc.boolean() }),
  fc.record({
    opcode: fc.constantFrom(OP.continuation),
    payload: bytesUpTo(140),
    fin: fc.boolean(),
  }),
  fc.record({ opcode: fc.constantFrom(OP.ping, OP.pong), payload: bytesUpTo(125) }),
)

const closeFrame: fc.Arbitrary<RawFrame> = fc
  .tuple(
    fc.oneof(fc.integer({ min: 990, max: 1020 }), fc.integer({ min: 2990, max: 5010 })),
    fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => Buffer.from(text)),
      bytesUpTo(6),
    ),
    fc.boolean(),
  )
  .map(([code, reason, bare]) => {
    return { opcode: OP.close, payload: bare ? new Uint8Array(0) : closeBody(code, reason) }
  })

const anyFrame: fc.Arbitrary<RawFrame> = fc.record(
  {
    opcode: fc.nat(15),
    payload: bytesUpTo(140),
    fin: fc.boolean(),
    rsv: fc.constantFrom(0, 0, 0, 1, 2, 4),
    lengthForm: fc.constantFrom(16, 64),
    claimedLength: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  },
  { requiredKeys: ['opcode', 'payload'] },
)

const frames = fc.array(
  fc.oneof(
    { weight: 20, arbitrary: goodFrame },
    { weight: 1, arbitrary: closeFrame },
    { weight: 1, arbitrary: anyFrame },
  ),
  { maxLength: 12 },
)

/** Makes a sequence legal as far as fragments go: a continuation only where one is due. */
function inOrder(sequence: readonly RawFrame[]): RawFrame[] {
  let open = false
  return sequence.map((frame) => {
    if (frame.opcode >= 8 || frame.opcode === OP.text) return frame
    const opcode = open ? OP.continuation : OP.binary
    open = frame.fin === false
    return { ...frame, opcode }
  })
}

const chunkSizes = fc.infiniteStream(fc.oneof(fc.integer({ min: 1, max: 15 }), fc.constant(400)))

test.each(['server', 'client'] as const)(
  'whatever the frames and the chunks, a %s decodes what the slow oracle decodes',
  (role) => {
    const sequences = fc.oneof(frames, frames.map(inOrder), frames.map(inOrder))
    fc.assert(
      fc.property(sequences, maskOf, chunkSizes, fc.nat(60), (sequence, mask, sizes, odd) => {
        const encoded = sequence.map((frame, index) =>
          // Now and then a frame is masked where it must not be, or the reverse.
          encodeRaw({ ...frame, mask: (role === 'server') !== (index === odd) ? mask : undefined }),
        )
        const bytes = Buffer.concat(encoded)
        const decoded = decode(bytes, role, () => sizes.next().value)
        expect(decoded).toEqual(decodeNaively(bytes, role, MESSAGE_BYTES_MAX))
      }),
      { numRuns: 1_000, interruptAfterTimeLimit: 4_000 },
    )
  },
)

test('garbage never throws, and is judged as by the slow oracle', () => {
  fc.assert(
    fc.property(bytesUpTo(60), chunkSizes, (bytes, sizes) => {
      const decoded = decode(bytes, 'client', () => sizes.next().value)
      expect(decoded).toEqual(decodeNaively(bytes, 'client', MESSAGE_BYTES_MAX))
    }),
    { numRuns: 1_000, interruptAfterTimeLimit: 4_000 },
  )
})

test('payload is unmasked where it lies and handed on before its frame is complete', () => {
  const bytes = encodeRaw({ opcode: OP.binary, payload: pattern(200), mask: [1, 2, 3, 4] })
  const chunk = bytes.slice(0, 106)
  const pieces: Uint8Array[] = []
  const decoder = new WebSocketDecoder('server', 1_000, {
    payload: (piece) => pieces.push(piece),
    emptyMessage: () => {},
    ping: () => {},
    closed: () => {},
    violated: () => {},
  })
  decoder.push(chunk)
  expect(pieces).toHaveLength(1)
  expect(pieces[0]?.buffer).toBe(chunk.buffer)
  expect(pieces[0]).toEqual(pattern(98))
})

test('a stopped decoder hands on nothing, even in the middle of a chunk', () => {
  const message = encodeRaw({ opcode: OP.binary, payload: pattern(5) })
  let count = 0
  const decoder = new WebSocketDecoder('client', 1_000, {
    payload() {
      count += 1
      decoder.stop()
    },
    emptyMessage: () => {},
    ping: () => {},
    closed: () => {},
    violated: () => {},
  })
  decoder.push(Buffer.concat([message, message]))
  decoder.push(message.slice())
  expect(count).toBe(1)
})
