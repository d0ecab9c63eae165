import { assert } from '../../std/assert.ts'
import { Suspensions } from '../../std/suspensions.ts'
import type { LocalUpstream } from './upstream.ts'

/** Told whenever the number of an endpoint's upstreams on this node changed. */
export type EndpointWatcher = (endpointId: string, upstreamCount: number) => void

/** How long an upstream is passed over that cannot reach its service. */
const SUSPENDED = { suspendMs: 1_000, suspendMaxMs: 30_000 }

/** So many of an endpoint's upstreams are compared for a request. */
const COMPARED_MAX = 8

/**
 * The upstreams of one endpoint. The one with the least under way is picked; of equals the one
 * whose turn it is. Of very many only some are compared, others the next time:
 *
 *     [ a  b  c  d  e ]         turn ─▶ c: c, d, e, a, … are compared in this order
 */
class Group {
  readonly members: LocalUpstream[] = []
  private turn = 0

  /** Of those that `isEligible`. */
  pick(isEligible: (member: LocalUpstream) => boolean): LocalUpstream | undefined {
    const { members } = this
    let best: LocalUpstream | undefined
    let bestCount = Number.POSITIVE_INFINITY
    let bestAt = this.turn
    for (let compared = 0, i = 0; i < members.length && compared < COMPARED_MAX; i++) {
      const at = (this.turn + i) % members.length
      const member = members[at] as LocalUpstream
      if (!member.canOpen || !isEligible(member)) continue
      compared += 1
      const { streamCount } = member
      if (streamCount >= bestCount) continue
      best = member
      bestCount = streamCount
      bestAt = at
    }
    this.turn = bestAt + 1
    return best
  }
}

const ANY = (): boolean => true

/**
 * Which upstreams are connected to this node, by endpoint. The counts are those of sessions that
 * accept requests: one that is on its way out was removed before, and removing it again is nothing.
 */
export class EndpointRegistry {
  private readonly groups = new Map<string, Group>()
  private readonly watchers: EndpointWatcher[] = []
  private readonly suspensions = new Suspensions<LocalUpstream>(SUSPENDED)
  private total = 0

  get upstreamCount(): number {
    return this.total
  }

  get endpointCount(): number {
    return this.groups.size
  }

  /** Each endpoint with its number of upstreams; at least one. */
  *counts(): Generator<readonly [endpointId: string, upstreamCount: number]> {
    for (const [endpointId, group] of this.groups) yield [endpointId, group.members.length]
  }

  /** Each endpoint with its upstreams. */
  *upstreams(): Generator<readonly [endpointId: string, upstreams: readonly LocalUpstream[]]> {
    for (const [endpointId, group] of this.groups) yield [endpointId, group.members]
  }

  watch(watcher: EndpointWatcher): void {
    this.watchers.push(watcher)
  }

  /** Adds an upstream; the returned call removes it, and does so once. */
  add(endpointId: string, upstream: LocalUpstream): () => void {
    let group = this.groups.get(endpointId)
    if (group === undefined) {
      group = new Group()
      this.groups.set(endpointId, group)
    }
    group.members.push(upstream)
    this.total += 1
    this.changed(endpointId, group)
    let present = true
    return () => {
      if (present) this.remove(endpointId, upstream)
      present = false
    }
  }

  /**
   * The next upstream of the endpoint that takes requests and is not known to be unable to reach
   * its service; undefined when there is none.
   */
  pick(endpointId: string): LocalUpstream | undefined {
    return this.groups.get(endpointId)?.pick(this.isSound)
  }

  /** The next of those that `pick` leaves out: who has no other tries them. */
  pickSuspended(endpointId: string): LocalUpstream | undefined {
    return this.groups.get(endpointId)?.pick(ANY)
  }

  /** An upstream cannot reach its service: others come first for a while. */
  declined(upstream: LocalUpstream): void {
    this.suspensions.failed(upstream, performance.now())
  }

  private readonly isSound = (upstream: LocalUpstream): boolean => {
    return this.suspensions.isEmpty || !this.suspensions.isSuspended(upstream, performance.now())
  }

  private remove(endpointId: string, upstream: LocalUpstream): void {
    const group = this.groups.get(endpointId)
    const index = group?.members.indexOf(upstream) ?? -1
    assert(group !== undefined && index >= 0, 'a removed upstream was there')
    group.members.splice(index, 1)
    this.suspensions.recovered(upstream)
    this.total -= 1
    if (group.members.length === 0) this.groups.delete(endpointId)
    this.changed(endpointId, group)
  }

  private changed(endpointId: string, group: Group): void {
    for (const watcher of this.watchers) watcher(endpointId, group.members.length)
  }
}
