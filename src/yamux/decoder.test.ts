import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FrameDecoder } from './decoder.ts'
import { FrameType, HEADER_BYTES, writeHeader } from './frame.ts'

interface Frame {
  readonly lead: number
  readonly streamId: number
  readonly length: number
  readonly payload: readonly number[]
}

const uint32 = fc.integer({ min: 0, max: 0xff_ff_ff_ff })

const dataFrame: fc.Arbitrary<Frame> = fc
  .tuple(fc.integer({ min: 0, max: 0xff_ff }), uint32, fc.uint8Array({ maxLength: 50 }))
  .map(([lead, streamId, payload]) => {
    return { lead, streamId, length: payload.length, payload: [...payload] }
  })

/** Any first word that is not a data frame's, bad versions and types included. */
const otherFrame: fc.Arbitrary<Frame> = fc
  .tuple(fc.integer({ min: 0x1_00_00, max: 0xff_ff_ff_ff }), uint32, uint32)
  .map(([lead, streamId, length]) => ({ lead, streamId, length, payload: [] }))

function encode(frame: Frame): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + frame.payload.length)
  writeHeader(bytes, 0, frame.lead, frame.streamId, frame.length)
  bytes.set(frame.payload, HEADER_BYTES)
  return bytes
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    bytes.set(part, offset)
    offset += part.length
  }
  return bytes
}

/** The slow oracle: all bytes at hand, read by DataView. */
function decodeNaively(bytes: Uint8Array): Frame[] {
  const view = new DataView(bytes.buffer)
  const frames: Frame[] = []
  let offset = 0
  while (offset < bytes.length) {
    const length = view.getUint32(offset + 8)
    const isData = view.getUint16(offset) === FrameType.data
    const end = offset + HEADER_BYTES + (isData ? length : 0)
    frames.push({
      lead: view.getUint32(offset),
      streamId: view.getUint32(offset + 4),
      length,
      payload: [...bytes.subarray(offset + HEADER_BYTES, end)],
    })
    offset = end
  }
  return frames
}

function decodeInChunks(bytes: Uint8Array, chunkBytes: () => number): Frame[] {
  const decoder = new FrameDecoder()
  const frames: { lead: number; streamId: number; length: number; payload: number[] }[] = []
  for (let offset = 0; offset < bytes.length;) {
    const end = Math.min(bytes.length, offset + chunkBytes())
    decoder.push(bytes.subarray(offset, end))
    for (let part = decoder.next(); part !== 'starved'; part = decoder.next()) {
      const { lead, streamId, length } = decoder
      if (part === 'frame') frames.push({ lead, streamId, length, payload: [] })
      else frames.at(-1)?.payload.push(...decoder.payload)
    }
    offset = end
  }
  return frames
}

test('whatever the chunks, the frames are those of the slow oracle', () => {
  const frames = fc.array(fc.oneof(dataFrame, otherFrame), { maxLength: 20 })
  const chunks = fc.infiniteStream(fc.oneof(fc.integer({ min: 1, max: 15 }), fc.constant(400)))
  fc.assert(
    fc.property(frames, chunks, (input, sizes) => {
      const bytes = concat(input.map(encode))
      const decoded = decodeInChunks(bytes, () => sizes.next().value)
      expect(decoded).toEqual(decodeNaively(bytes))
      expect(decoded).toEqual(input)
    }),
    { numRuns: 500 },
  )
})

test('a payload comes as views of what was pushed, never as a copy', () => {
  const bytes = encode({ lead: 0, streamId: 1, length: 3, payload: [7, 8, 9] })
  const decoder = new FrameDecoder()
  decoder.push(bytes)
  expect([decoder.next(), decoder.next()]).toEqual(['frame', 'payload'])
  expect(decoder.payload.buffer).toBe(bytes.buffer)
  expect(decoder.next()).toBe('starved')
})

test('a starved decoder keeps no chunk alive', () => {
  const decoder = new FrameDecoder()
  decoder.push(encode({ lead: 0, streamId: 1, length: 1, payload: [7] }))
  for (let part = decoder.next(); part !== 'starved';) part = decoder.next()
  expect(decoder.payload.buffer.byteLength).toBe(0)
})
