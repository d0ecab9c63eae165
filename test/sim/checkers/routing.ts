import { parseCount, parseNodeKey, type ClusterNode } from '../../../src/cluster/node.ts'
import type { Peer } from '../../../src/gossip/peer.ts'
import type { Checker } from '../checker.ts'
import type { SimProcess } from '../sim-process.ts'
import type { World } from '../world.ts'

/**
 * The routing table is what gossip told, no more and no less, and a choice is never this node, nor
 * one that left or is unreachable: so no request takes a second hop or a hopeless one.
 */
export function routingMirrorsGossip(world: World): Checker {
  const name = 'routing mirrors gossip'

  return {
    name,
    after({ process, events }) {
      if (events.length === 0) return
      const problem = mirrorProblem(process) ?? choiceProblem(process)
      if (problem !== undefined) world.fail(name, `${process.id} ${problem}`)
    },
  }
}

function mirrorProblem({ gossiper, table }: SimProcess): string | undefined {
  let nodes = 1
  for (const peer of gossiper.cluster.peers()) {
    nodes += 1
    const node = table.node(peer.id)
    if (node === undefined) return `has no node for peer ${peer.id}`
    if (node.status !== peer.status) return `holds ${peer.id} ${node.status}, not ${peer.status}`
    if (peer.status === 'left' ? node.endpoints.size > 0 : !isSame(node, peer)) {
      return `has other endpoints of ${peer.id} than gossip`
    }
  }
  return nodes === [...table.nodes()].length ? undefined : 'has nodes that are no peers'
}

function isSame(node: ClusterNode, peer: Peer): boolean {
  let endpoints = 0
  for (const entry of peer.state.entries()) {
    const parsed = parseNodeKey(entry.key)
    if (entry.deleted || parsed.kind !== 'endpoint') continue
    if (node.endpoints.get(parsed.endpoint) !== parseCount(entry.value)) return false
    endpoints += 1
  }
  return endpoints === node.endpoints.size
}

function choiceProblem({ table, id, now }: SimProcess): string | undefined {
  for (const node of table.nodes()) {
    const endpoint = node.endpoints.keys().next().value
    const chosen = endpoint === undefined ? undefined : table.choose(endpoint, now)
    if (chosen?.id === id) return 'routes to itself'
    if (chosen !== undefined && chosen.status !== 'reachable') {
      return `routes to ${chosen.id}, which is ${chosen.status}`
    }
  }
  return undefined
}
