/** What is to be done now: nothing, send a ping, or give the peer up. */
export type Pulse = 'quiet' | 'ping' | 'dead'

/** Ticks come once a second; what is far above that is this process's own absence. */
const TICK_MS_MAX = 2_000

/**
 * Tells a silent peer from a dead one. Any byte proves life, not only the answer to a ping, which
 * may sit behind a megabyte of data on a slow line. So a busy session never pings, and Go peers,
 * which ping every 30 s by themselves, keep an idle one alive alone.
 *
 *     heard ── intervalMs of silence ──▶ ping ── timeoutMs of silence ──▶ dead
 *       ▲                                 │
 *       └──────────── any byte ───────────┘
 */
export class KeepAlive {
  private readonly intervalMs: number
  private readonly timeoutMs: number
  private heardMs: number
  private tickedMs: number
  private isWaiting = false
  /** How long the ping has been out, as far as this process was awake to hear an answer. */
  private waitedMs = 0

  constructor(intervalMs: number, timeoutMs: number, nowMs: number) {
    this.intervalMs = intervalMs
    this.timeoutMs = timeoutMs
    this.heardMs = nowMs
    this.tickedMs = nowMs
  }

  heard(nowMs: number): void {
    this.heardMs = nowMs
    this.isWaiting = false
  }

  tick(nowMs: number): Pulse {
    const elapsedMs = Math.min(nowMs - this.tickedMs, TICK_MS_MAX)
    this.tickedMs = nowMs
    if (this.isWaiting) {
      this.waitedMs += elapsedMs
      return this.waitedMs >= this.timeoutMs ? 'dead' : 'quiet'
    }
    if (nowMs - this.heardMs < this.intervalMs) return 'quiet'
    this.isWaiting = true
    this.waitedMs = 0
    return 'ping'
  }
}
