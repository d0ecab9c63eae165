import type { GossipConfig } from './config.ts'

/** Share of the newest gap in the running averages: the last twenty or so count. */
const WEIGHT = 0.05
/** How many mean deviations beyond the mean gap are still no sign of death. */
const DEVIATIONS = 12

/**
 * Judges one peer by the rhythm of its heartbeats, as they arrive over whatever path.
 *
 *     │ │  │ │ │   │ │                  silence
 *     └─┴──┴─┴─┴───┴─┴────────────────────────────▶
 *      mean gap ± deviation     min ≤ mean + 12 deviations ≤ max
 *
 * The bounds come first: a steady peer still gets the minimum (a crash is seen within it), and
 * a halting one, with half of its packets lost, never more than the maximum.
 */
export class FailureDetector {
  private readonly config: GossipConfig
  private lastHeard: number
  private meanGapMs: number
  private deviationMs = 0

  constructor(config: GossipConfig, time: number) {
    this.config = config
    this.lastHeard = time
    this.meanGapMs = config.intervalMs
  }

  /** A heartbeat that was not known before. */
  heard(time: number): void {
    const gap = time - this.lastHeard
    this.deviationMs += WEIGHT * (Math.abs(gap - this.meanGapMs) - this.deviationMs)
    this.meanGapMs += WEIGHT * (gap - this.meanGapMs)
    this.lastHeard = time
  }

  silenceMs(time: number): number {
    return time - this.lastHeard
  }

  /** The silence that condemns. `patience` is at least 1; a slow node grants itself more. */
  toleratedMs(patience: number): number {
    const { unreachableAfterMinMs, unreachableAfterMaxMs } = this.config
    const usual = this.meanGapMs + DEVIATIONS * this.deviationMs
    return patience * Math.min(Math.max(usual, unreachableAfterMinMs), unreachableAfterMaxMs)
  }
}

/** A tick this many intervals late says that this node is slow. */
const LATE_INTERVALS = 2
const PATIENCE_MAX = 3

/**
 * How slow this node itself is: late ticks raise its patience with others, punctual ones lower it
 * again. A node that gets little processor time hears late, and would condemn the healthy.
 */
export class LocalHealth {
  private readonly lateMs: number
  private current = 1

  constructor(intervalMs: number) {
    this.lateMs = LATE_INTERVALS * intervalMs
  }

  get patience(): number {
    return this.current
  }

  ticked(latenessMs: number): void {
    const step = latenessMs > this.lateMs ? 0.5 : -0.02
    this.current = Math.min(PATIENCE_MAX, Math.max(1, this.current + step))
  }
}
