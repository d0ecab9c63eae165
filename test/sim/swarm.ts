import type { GossipConfig } from '../../src/gossip/config.ts'
import type { Random } from '../../src/std/prng.ts'
import { randomBelow } from '../../src/std/prng.ts'
import type { LinkQuality } from './network.ts'

/** Every kind of trouble. Each seed has about half of them: too many at once hide each other. */
export const FAULTS = [
  'crash',
  'restart',
  'restart-with-clock-back',
  'leave',
  'pause',
  'long-pause',
  'clock-jump',
  'partition',
  'one-way',
  'loss',
  'duplication',
  'reordering',
  'strangers',
  'bursts',
  'crowd',
] as const
export type Fault = (typeof FAULTS)[number]

/** What one seed is about. */
export interface Swarm {
  readonly faults: ReadonlySet<Fault>
  readonly ids: readonly string[]
  readonly config: Partial<GossipConfig>
  readonly quality: LinkQuality
  /** Mean time between two changes from outside. */
  readonly stepMs: number
}

export function drawSwarm(random: Random): Swarm {
  const faults = new Set(FAULTS.filter((fault) => random() < (fault === 'crowd' ? 0.05 : 0.5)))
  const share = (fault: Fault, most: number) => (faults.has(fault) ? random() * most : 0)
  return {
    faults,
    ids: drawIds(random, faults.has('crowd')),
    config: drawConfig(random),
    quality: {
      loss: share('loss', 0.4),
      duplication: share('duplication', 0.3),
      reordering: share('reordering', 0.3),
      latencyMs: pick(random, [0.2, 1, 20]),
      jitterMs: pick(random, [0, 1, 30]),
    },
    stepMs: pick(random, [60, 200, 600]),
  }
}

/** A crowd has such long names that a digest of it takes more than one packet. */
function drawIds(random: Random, isCrowd: boolean): string[] {
  const count = isCrowd ? 10 : 2 + randomBelow(random, 4)
  const suffix = isCrowd ? `-${'of-the-crowd'.repeat(9)}` : ''
  return Array.from({ length: count }, (_, index) => `n${index + 1}${suffix}`)
}

/** Hurried times, so that a minute's worth of forgetting happens within seconds. */
function drawConfig(random: Random): Partial<GossipConfig> {
  return {
    intervalMs: pick(random, [200, 300]),
    exchangesPerInterval: pick(random, [1, 2]),
    packetOverheadBytes: pick(random, [0, 40, 300]),
    packetsPerAnswerMax: pick(random, [1, 4]),
    syncVersionsMin: pick(random, [10, 100, 2_000]),
    syncTimeoutMs: 1_000,
    unreachableAfterMinMs: 2_000,
    unreachableAfterMaxMs: 3_000,
    forgetAfterMs: pick(random, [1_500, 4_000]),
    tombstoneMs: pick(random, [4_000, 60_000]),
    deletedKeyMs: pick(random, [300, 2_000]),
    rejoinIntervalMs: pick(random, [300, 1_000]),
  }
}

export function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[randomBelow(random, choices.length)] as T
}
