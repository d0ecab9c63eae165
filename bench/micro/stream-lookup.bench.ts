import { DEFAULT_SESSION_CONFIG } from '../../src/yamux/config.ts'
import { StreamSet } from '../../src/yamux/stream-set.ts'
import type { Benchmark } from './benchmark.ts'

/** Finds each of the live streams in turn. */
function lookup(streams: number): Benchmark {
  return {
    name: `find one of ${streams} streams`,
    run(count) {
      const config = { ...DEFAULT_SESSION_CONFIG, role: 'server', acceptStreams: false } as const
      const set = new StreamSet(config, { control: () => {}, data: () => {} }, 0)
      const ids = Array.from({ length: streams }, () => set.open().id)
      let sum = 0
      for (let done = 0; done < count; done += 1) {
        sum += set.get(ids[done % streams] as number)?.id ?? Number.NaN
      }
      return sum
    },
  }
}

export const benchmarks: readonly Benchmark[] = [lookup(32), lookup(1_000)]
