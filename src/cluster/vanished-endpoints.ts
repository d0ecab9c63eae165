import { assert } from '../std/assert.ts'

export interface VanishedBounds {
  /** How long an endpoint counts as gone only for the moment. */
  readonly rememberMs: number
  readonly endpointsMax: number
}

/**
 * Endpoints whose last upstream went away moments ago. A request for one of them is worth a short
 * wait: in a rolling restart the upstream is about to appear elsewhere. Others are not.
 */
export class VanishedEndpoints {
  private readonly bounds: VanishedBounds
  /** When each vanished, oldest first. */
  private readonly since = new Map<string, number>()

  constructor(bounds: VanishedBounds) {
    assert(bounds.endpointsMax > 0, 'a memory without room remembers nothing')
    this.bounds = bounds
  }

  get size(): number {
    return this.since.size
  }

  vanished(endpoint: string, now: number): void {
    this.since.delete(endpoint)
    this.since.set(endpoint, now)
    this.dropOld(now)
  }

  appeared(endpoint: string): void {
    this.since.delete(endpoint)
  }

  has(endpoint: string, now: number): boolean {
    const since = this.since.get(endpoint)
    return since !== undefined && now - since <= this.bounds.rememberMs
  }

  private dropOld(now: number): void {
    for (const [endpoint, since] of this.since) {
      const isOld = now - since > this.bounds.rememberMs
      if (!isOld && this.since.size <= this.bounds.endpointsMax) return
      this.since.delete(endpoint)
    }
  }
}
