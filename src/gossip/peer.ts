import type { GossipConfig } from './config.ts'
import type { Mention } from './digest.ts'
import { FailureDetector } from './failure-detector.ts'
import type { Incarnation } from './incarnation.ts'
import { NodeState } from './node-state.ts'

/**
 *     reachable ──silence──▶ unreachable ──silence──▶ (forgotten: a tombstone)
 *         │    ◀─heartbeats──     │
 *         └────── it said so ─────┴──▶ left ──────────▶ (forgotten: a tombstone)
 */
export type PeerStatus = 'reachable' | 'unreachable' | 'left'

/**
 * Heartbeats that an unreachable peer must be ahead before it counts as back. The last ones of a
 * crashed node may still be on their way here from a peer that heard more of them.
 */
const RETURN_HEARTBEATS = 10

/** Another node as this one knows it: a copy of its state, and what it hears of its pulse. */
export class Peer implements Incarnation {
  readonly id: string
  readonly generation: number
  readonly state = new NodeState()
  private readonly detector: FailureDetector
  private currentLife: number
  private currentStatus: PeerStatus = 'reachable'
  private currentSince: number
  private lastHeartbeat: number
  private returnHeartbeat = 0
  /** A heartbeat came in since this node last lost time. */
  private fresh = true
  private place = ''

  constructor(mention: Mention, config: GossipConfig, time: number) {
    this.id = mention.id
    this.generation = mention.generation
    this.currentLife = mention.life
    this.lastHeartbeat = mention.heartbeat
    this.currentSince = time
    this.detector = new FailureDetector(config, time)
  }

  get life(): number {
    return this.currentLife
  }

  get status(): PeerStatus {
    return this.currentStatus
  }

  /** When it took its status. */
  get since(): number {
    return this.currentSince
  }

  get address(): string {
    return this.place
  }

  /** Its heartbeat, if this node can say from its own hearing that the peer lives; else 0. */
  get vouchedHeartbeat(): number {
    return this.fresh && this.currentStatus === 'reachable' ? this.lastHeartbeat : 0
  }

  settle(address: string): void {
    this.place = address
  }

  mention(): Mention {
    const standing = this.currentStatus === 'left' ? 'left' : 'alive'
    const { id, generation, life, vouchedHeartbeat: heartbeat } = this
    return { id, generation, life, heartbeat, standing, version: this.state.version }
  }

  /**
   * Takes what a mention of this very process says of its pulse; whether it is back from silence.
   * `isNews` is false for what may have waited here unread.
   */
  hear(mention: Mention, time: number, isNews: boolean): boolean {
    if (this.currentStatus === 'left') return false
    this.currentLife = Math.max(this.currentLife, mention.life)
    if (mention.heartbeat <= this.lastHeartbeat) return false
    this.lastHeartbeat = mention.heartbeat
    this.fresh ||= isNews
    this.detector.heard(time)
    const isBack = isNews && this.isLongedFor()
    if (isBack) this.become('reachable', time)
    return isBack
  }

  /** Whether its silence condemns it now. */
  fallsSilent(time: number, patience: number): boolean {
    if (this.currentStatus !== 'reachable') return false
    if (this.detector.silenceMs(time) <= this.detector.toleratedMs(patience)) return false
    this.returnHeartbeat = this.lastHeartbeat + RETURN_HEARTBEATS
    this.become('unreachable', time)
    return true
  }

  /** Whether it went away just now. */
  departs(time: number): boolean {
    if (this.currentStatus === 'left') return false
    this.become('left', time)
    return true
  }

  /** Whether this node has reason to believe another one that says it is dead. */
  isDoubtful(time: number): boolean {
    if (this.currentStatus !== 'reachable' || !this.fresh) return true
    return this.detector.silenceMs(time) > this.detector.toleratedMs(1) / 2
  }

  /** This node lost time: until the next heartbeat it vouches for nobody. */
  distrust(): void {
    this.fresh = false
  }

  private isLongedFor(): boolean {
    return this.currentStatus === 'unreachable' && this.lastHeartbeat >= this.returnHeartbeat
  }

  private become(status: PeerStatus, time: number): void {
    this.currentStatus = status
    this.currentSince = time
  }
}
