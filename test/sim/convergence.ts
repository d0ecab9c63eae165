import type { SimProcess } from './sim-process.ts'
import type { World } from './world.ts'

/**
 * What liveness means: every node that runs knows exactly the nodes that run, and routes exactly
 * to what is really connected. The first difference as a sentence, undefined when there is none.
 */
export function difference(world: World): string | undefined {
  const members = [...world.processes.values()].filter((process) => !process.hasLeft)
  for (const observer of members) {
    const found = differenceAt(observer, members)
    if (found !== undefined) return found
  }
  return undefined
}

function differenceAt(observer: SimProcess, members: readonly SimProcess[]): string | undefined {
  for (const member of members) {
    const found = differenceBetween(observer, member)
    if (found !== undefined) return `${observer.id} ${found}`
  }
  const ids = new Set(members.map((member) => member.id))
  for (const node of observer.table.nodes()) {
    if (!ids.has(node.id) && node.status === 'reachable') {
      return `${observer.id} routes to ${node.id}, which is gone`
    }
  }
  return undefined
}

function differenceBetween(observer: SimProcess, member: SimProcess): string | undefined {
  const node = observer.table.node(member.id)
  if (node === undefined) return `does not know ${member.id}`
  if (node.status !== 'reachable') return `holds ${member.id} ${node.status}`
  for (const [endpoint, count] of member.connected) {
    const seen = node.endpoints.get(endpoint)
    if (seen !== count) return `sees ${seen ?? 0} of ${count} upstreams of ${endpoint}@${node.id}`
  }
  if (node.endpoints.size === member.connected.size) return undefined
  const extra = [...node.endpoints.keys()].find((endpoint) => !member.connected.has(endpoint))
  return `believes in ${extra}@${node.id}, which is disconnected`
}

/** Runs until the views agree; how long that took, or undefined when `withinMs` went by. */
export function runUntilAgreed(world: World, withinMs: number): number | undefined {
  const start = world.now
  while (world.now < start + withinMs) {
    if (difference(world) === undefined) return world.now - start
    world.run(20)
  }
  return difference(world) === undefined ? world.now - start : undefined
}
