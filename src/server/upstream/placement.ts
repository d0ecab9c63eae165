import type { IncomingHttpHeaders } from 'node:http'

/** In the answer to a listener: the node that it has reached, percent-encoded. */
const NODE_FIELD = 'x-piko-node'
/** In the answer to a listener: how many live nodes the cluster has. */
const CLUSTER_FIELD = 'x-piko-cluster'
/** From a listener: the nodes that it wants no tunnel to, percent-encoded, in a list. */
const AVOID_HEADER = 'x-piko-avoid'

/**
 * What listeners and a node tell each other so that the tunnels of one listener lead to different
 * nodes: behind a load balancer a listener cannot choose, it can only come again.
 */
export class Placement {
  private readonly node: string
  private readonly liveNodes: () => number

  constructor(nodeId: string, liveNodes: () => number) {
    this.node = encodeURIComponent(nodeId)
    this.liveNodes = liveNodes
  }

  /** Whether there is no other node. */
  get isAlone(): boolean {
    return this.liveNodes() < 2
  }

  /** Fields of the answer to a handshake. */
  fields(): Readonly<Record<string, string>> {
    return { [NODE_FIELD]: this.node, [CLUSTER_FIELD]: String(this.liveNodes()) }
  }

  /** Whether the listener wants another node than this one. */
  isAvoided(headers: IncomingHttpHeaders): boolean {
    const nodes = headers[AVOID_HEADER]
    return typeof nodes === 'string' && nodes.split(',').some((node) => node.trim() === this.node)
  }
}
