import { OutBatch } from '../../src/net/out-batch.ts'
import { SlabPool } from '../../src/net/slab-pool.ts'
import type { Transport } from '../../src/net/transport.ts'
import { Flag } from '../../src/yamux/frame.ts'
import type { Benchmark } from './benchmark.ts'

/** A transport that takes everything at once and counts it. */
class NullTransport implements Transport {
  readonly overwrites = false
  readonly bufferedBytes = 0
  sentBytes = 0

  start(): void {}

  send(_pieces: readonly Uint8Array[], byteLength: number): void {
    this.sentBytes += byteLength
  }

  close(): void {}

  destroy(): void {}
}

/** Batches of `frames` data frames; an operation is a frame. */
function encoding(name: string, payloadBytes: number, frames: number): Benchmark {
  const payload = Buffer.alloc(payloadBytes, 1)
  return {
    name,
    run(count) {
      const transport = new NullTransport()
      const batch = new OutBatch(transport, new SlabPool())
      for (let done = 0; done < count; done += frames) {
        for (let id = 1; id <= frames; id += 1) batch.data(Flag.syn, 2 * id, payload)
        batch.flush()
      }
      return transport.sentBytes
    },
  }
}

export const benchmarks: readonly Benchmark[] = [
  encoding('encode a frame of 300 B, 32 a flush', 300, 32),
  encoding('encode and flush a frame of 300 B', 300, 1),
  encoding('encode and flush a frame of 64 KiB by reference', 65_536, 1),
]
