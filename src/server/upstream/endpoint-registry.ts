import { assert } from '../../std/assert.ts'
import type { LocalUpstream } from './upstream.ts'

/** Told whenever the number of an endpoint's upstreams on this node changed. */
export type EndpointWatcher = (endpointId: string, upstreamCount: number) => void

/** The upstreams of one endpoint, taken in turn. */
class Group {
  readonly members: LocalUpstream[] = []
  private next = 0

  pick(): LocalUpstream | undefined {
    for (let tried = 0; tried < this.members.length; tried++) {
      this.next = (this.next + 1) % this.members.length
      const upstream = this.members[this.next] as LocalUpstream
      if (upstream.canOpen) return upstream
    }
    return undefined
  }
}

/**
 * Which upstreams are connected to this node, by endpoint. The counts are those of sessions that
 * accept requests: one that is on its way out was removed before, and removing it again is nothing.
 */
export class EndpointRegistry {
  private readonly groups = new Map<string, Group>()
  private readonly watchers: EndpointWatcher[] = []
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

  /** The next upstream of the endpoint that takes requests; undefined when there is none. */
  pick(endpointId: string): LocalUpstream | undefined {
    return this.groups.get(endpointId)?.pick()
  }

  private remove(endpointId: string, upstream: LocalUpstream): void {
    const group = this.groups.get(endpointId)
    const index = group?.members.indexOf(upstream) ?? -1
    assert(group !== undefined && index >= 0, 'a removed upstream was there')
    group.members.splice(index, 1)
    this.total -= 1
    if (group.members.length === 0) this.groups.delete(endpointId)
    this.changed(endpointId, group)
  }

  private changed(endpointId: string, group: Group): void {
    for (const watcher of this.watchers) watcher(endpointId, group.members.length)
  }
}
