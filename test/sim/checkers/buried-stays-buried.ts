import { compareIncarnations, type Incarnation } from '../../../src/gossip/incarnation.ts'
import type { Checker } from '../checker.ts'
import type { SimProcess } from '../sim-process.ts'
import type { World } from '../world.ts'

/**
 * What a node buried does not rise there, for as long as tombstones last: a node that was held
 * dead and lives has to come as a later incarnation.
 */
export function buriedStaysBuried(world: World): Checker {
  const name = 'buried stays buried'
  const graves = new WeakMap<SimProcess, Map<string, Incarnation & { readonly at: number }>>()

  return {
    name,
    after({ process, events }) {
      const buried = graves.get(process) ?? new Map()
      graves.set(process, buried)
      for (const event of events) {
        if (event.type === 'expired') {
          const { generation, life } = event
          buried.set(event.id, { generation, life, at: world.now })
        }
        const grave = event.type === 'joined' ? buried.get(event.id) : undefined
        if (event.type !== 'joined' || grave === undefined) continue
        // A clock that jumps ahead ages tombstones a little, so only the first half is certain.
        const isRemembered = world.now - grave.at < world.config.tombstoneMs / 2
        if (isRemembered && compareIncarnations(event, grave) <= 0) {
          world.fail(name, `${process.id} took ${event.id} back as the incarnation it had buried`)
        }
      }
    },
  }
}
