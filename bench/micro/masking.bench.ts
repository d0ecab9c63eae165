import { applyMask } from '../../src/net/websocket-mask.ts'
import type { Benchmark } from './benchmark.ts'

const MASK = 0x37_fa_21_3d

/** Masks a payload that begins `offset` bytes behind a word boundary. */
function masking(name: string, payloadBytes: number, offset: number): Benchmark {
  const payload = Buffer.alloc(payloadBytes + offset, 1).subarray(offset)
  return {
    name,
    run(count) {
      let mask = MASK
      for (let done = 0; done < count; done += 1) mask = applyMask(payload, mask)
      return mask
    },
  }
}

export const benchmarks: readonly Benchmark[] = [
  masking('mask 300 B', 300, 0),
  masking('mask 64 KiB', 65_536, 0),
  masking('mask 64 KiB at an odd address', 65_536, 3),
]
