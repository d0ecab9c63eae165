import type { Peer } from '../../../src/gossip/peer.ts'
import type { Checker } from '../checker.ts'
import type { History } from '../histories.ts'
import { Histories } from '../histories.ts'
import type { SimProcess } from '../sim-process.ts'
import type { World } from '../world.ts'

interface Seen {
  readonly version: number
  readonly keys: ReadonlyMap<string, number>
  readonly liveKeys: ReadonlySet<string>
}

/**
 * A copy at version v is what its owner had: every entry in it is one that the owner wrote, every
 * key whose last change lies at or before v is there as changed, and versions never go back.
 */
export function copiesFollowTheirOwners(world: World): Checker {
  const name = 'copies follow their owners'
  const histories = new Histories()
  const seen = new WeakMap<Peer, Seen>()

  const check = (process: SimProcess, peer: Peer): void => {
    const before = seen.get(peer)
    const { version } = peer.state
    const where = `${process.id}'s copy of ${peer.id}`
    if (before?.version === version) return
    if (before !== undefined && version < before.version) {
      world.fail(name, `${where} went back from ${before.version} to ${version}`)
    }
    const history = histories.of(peer.id, peer.generation)
    if (history === undefined) world.fail(name, `${where} is of an incarnation that never was`)
    const problem = compare(peer, history) ?? revival(peer, before)
    if (problem !== undefined) world.fail(name, `${where} ${problem}`)
    seen.set(peer, snapshot(peer))
  }

  return {
    name,
    after({ process, cause }) {
      if (cause !== 'packet') histories.record(process)
      if (cause !== 'packet' && cause !== 'stream') return
      for (const peer of process.gossiper.cluster.peers()) check(process, peer)
    },
  }
}

function snapshot({ state }: Peer): Seen {
  const keys = new Map<string, number>()
  const liveKeys = new Set<string>()
  for (const entry of state.entries()) {
    keys.set(entry.key, entry.version)
    if (!entry.deleted) liveKeys.add(entry.key)
  }
  return { version: state.version, keys, liveKeys }
}

function compare({ state }: Peer, history: History): string | undefined {
  const held = new Map([...state.entries()].map((entry) => [entry.key, entry]))
  for (const entry of held.values()) {
    const written = history.changes[entry.version - 1]
    const isTrue = written?.key === entry.key && written.value === entry.value
    if (!isTrue) return `holds ${entry.key} as it never was`
  }
  for (const [key, versions] of history.versionsByKey) {
    const due = versions.at(-1) as number
    // A later change is on its way and may have taken the place of the earlier ones.
    if (due > state.version) continue
    const entry = held.get(key)
    const isDeleted = history.changes[due - 1]?.deleted === true
    if (entry === undefined ? !isDeleted : entry.version !== due) {
      return `at ${state.version} lacks change ${due} of ${key}`
    }
  }
  return undefined
}

/** A key that was deleted, or was at a later change, and is as it was before. */
function revival({ state }: Peer, before: Seen | undefined): string | undefined {
  for (const entry of state.entries()) {
    const earlier = before?.keys.get(entry.key)
    if (earlier !== undefined && entry.version < earlier) return `took ${entry.key} back in time`
    const wasGone = before !== undefined && !before.liveKeys.has(entry.key)
    if (wasGone && !entry.deleted && entry.version <= before.version) {
      return `brought ${entry.key} back, deleted by ${before.version}`
    }
  }
  return undefined
}
