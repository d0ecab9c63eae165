import { FrameDecoder } from '../../src/yamux/decoder.ts'
import { Flag, FrameType, HEADER_BYTES, writeHeader } from '../../src/yamux/frame.ts'
import type { Benchmark } from './benchmark.ts'

/** Frames in one chunk, as a turn of 32 connections brings them. */
const FRAMES = 32

function chunkOf(payloadBytes: number): Uint8Array {
  const frameBytes = HEADER_BYTES + payloadBytes
  const chunk = new Uint8Array(FRAMES * frameBytes)
  for (let frame = 0; frame < FRAMES; frame += 1) {
    const lead = (FrameType.data << 16) | Flag.fin
    writeHeader(chunk, frame * frameBytes, lead, 2 * frame + 2, payloadBytes)
  }
  return chunk
}

/** Decodes chunks that are cut at `pieceBytes`; an operation is a frame. */
function decoding(name: string, payloadBytes: number, pieceBytes: number): Benchmark {
  const chunk = chunkOf(payloadBytes)
  const pieces: Uint8Array[] = []
  for (let at = 0; at < chunk.length; at += pieceBytes) {
    pieces.push(chunk.subarray(at, at + pieceBytes))
  }
  return {
    name,
    run(count) {
      const decoder = new FrameDecoder()
      let sum = 0
      for (let done = 0; done < count; done += FRAMES) {
        for (const piece of pieces) {
          decoder.push(piece)
          for (let part = decoder.next(); part !== 'starved'; part = decoder.next()) {
            sum += part === 'frame' ? decoder.streamId : decoder.payload.length
          }
        }
      }
      return sum
    },
  }
}

export const benchmarks: readonly Benchmark[] = [
  decoding('decode a frame of 300 B', 300, Number.MAX_SAFE_INTEGER),
  decoding('decode a frame without payload', 0, Number.MAX_SAFE_INTEGER),
  decoding('decode a frame of 16 KiB in chunks of 64 KiB', 16_384, 65_536),
  decoding('decode a frame of 300 B in chunks of 100 B', 300, 100),
]
