import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HEADER_BYTES, writeHeader } from '../yamux/frame.ts'
import { OutBatch } from './out-batch.ts'
import { SlabPool } from './slab-pool.ts'
import { HEADROOM_BYTES } from './transport.ts'
import type { Transport } from './transport.ts'

/** A transport that copies what it is sent, and scribbles where it may. */
class Sink implements Transport {
  readonly overwrites: boolean
  bufferedBytes = 0
  /** Whether every send had room in front and gave its length. */
  keepsContract = true
  readonly messages: Buffer[] = []
  pieces: readonly Uint8Array[] = []

  constructor(overwrites: boolean) {
    this.overwrites = overwrites
  }

  send(pieces: readonly Uint8Array[], byteLength: number): void {
    const message = Buffer.concat(pieces)
    const hasHeadroom = (pieces[0] as Uint8Array).byteOffset >= HEADROOM_BYTES
    this.keepsContract &&= hasHeadroom && message.length === byteLength
    this.pieces = pieces
    this.messages.push(message)
    if (this.overwrites) for (const piece of pieces) piece.fill(0xff)
  }

  start(): void {}
  close(): void {}
  destroy(): void {}
}

/** The frame as it must leave. */
function frame(lead: number, streamId: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  writeHeader(header, 0, lead, streamId, payload.length)
  return Buffer.concat([header, payload])
}

test('frames leave in order and unchanged, whatever their sizes and flushes', () => {
  const size = fc.oneof(fc.nat({ max: 100 }), fc.nat({ max: 20_000 }), fc.nat({ max: 70_000 }))
  const step = fc.record({ size, flush: fc.boolean(), stuck: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.boolean(), (steps, overwrites) => {
      const sink = new Sink(overwrites)
      const batch = new OutBatch(sink, new SlabPool())
      const expected: Buffer[] = []
      for (const [i, { size: byteCount, flush, stuck }] of steps.entries()) {
        const payload = Buffer.alloc(byteCount, i + 1)
        sink.bufferedBytes = stuck ? 1 : 0
        expected.push(frame(i, i, payload))
        batch.data(i, i, payload)
        // The caller's bytes are its own: a transport that overwrites was given copies.
        expect(payload.every((byte) => byte === i + 1)).toBe(true)
        if (flush) batch.flush()
      }
      batch.flush()
      expect(Buffer.concat(sink.messages).equals(Buffer.concat(expected))).toBe(true)
      expect([batch.byteLength, sink.keepsContract]).toEqual([0, true])
    }),
    { numRuns: 60 },
  )
})

test('the small frames of a turn are one message of one piece', () => {
  const sink = new Sink(false)
  const batch = new OutBatch(sink, new SlabPool())
  for (let i = 0; i < 50; i++) batch.data(0, i, Buffer.alloc(100))
  batch.control(1, 2, 3)
  expect([sink.messages.length, batch.byteLength]).toEqual([0, 50 * 112 + 12])
  batch.flush()
  expect([sink.messages.length, sink.pieces.length]).toEqual([1, 1])
})

test('a large payload is referenced, or copied where the transport overwrites', () => {
  for (const overwrites of [false, true]) {
    const sink = new Sink(overwrites)
    const batch = new OutBatch(sink, new SlabPool())
    const payload = Buffer.alloc(16 * 1024)
    batch.data(0, 1, payload)
    batch.flush()
    expect(sink.pieces.includes(payload)).toBe(!overwrites)
  }
})

test('a slab is used again when its bytes have left, and never while they wait', () => {
  const sink = new Sink(false)
  const batch = new OutBatch(sink, new SlabPool())
  const slabOf = (bufferedBytes: number) => {
    sink.bufferedBytes = bufferedBytes
    batch.control(0, 0, 0)
    batch.flush()
    return sink.pieces[0]?.buffer
  }
  const first = slabOf(0)
  const second = slabOf(1)
  expect(second).toBe(first)
  expect(slabOf(0)).not.toBe(second)
})

test('nothing gathered is nothing sent', () => {
  const sink = new Sink(false)
  new OutBatch(sink, new SlabPool()).flush()
  expect(sink.messages).toEqual([])
})
