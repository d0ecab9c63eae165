import { ENTRIES_PER_NODE_MAX, NODES_MAX, TOMBSTONES_MAX } from '../../../src/gossip/config.ts'
import type { Checker } from '../checker.ts'
import type { World } from '../world.ts'

/** Whatever others send, a node holds a bounded amount, and strangers do not become members. */
export function memoryIsBounded(world: World): Checker {
  const name = 'memory is bounded'

  return {
    name,
    after({ process, cause }) {
      if (cause !== 'packet' && cause !== 'stream') return
      const { cluster } = process.gossiper
      if (cluster.size > NODES_MAX) world.fail(name, `${process.id} holds ${cluster.size} peers`)
      if (cluster.tombstones.size > TOMBSTONES_MAX) world.fail(name, 'too many tombstones')
      for (const peer of cluster.peers()) {
        if (peer.state.size > ENTRIES_PER_NODE_MAX) {
          world.fail(name, `${process.id} holds ${peer.state.size} keys of ${peer.id}`)
        }
      }
    },
  }
}
