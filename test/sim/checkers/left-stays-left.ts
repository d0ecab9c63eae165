import type { Checker } from '../checker.ts'
import type { World } from '../world.ts'

/** A process that said goodbye is never routable again where that was heard. */
export function leftStaysLeft(world: World): Checker {
  const name = 'left stays left'
  const heard = new WeakMap<object, Set<string>>()

  return {
    name,
    after({ process, events }) {
      const farewells = heard.get(process) ?? new Set()
      heard.set(process, farewells)
      for (const event of events) {
        if (event.type === 'left') farewells.add(`${event.id}@${event.generation}`)
        if (event.type !== 'joined' && event.type !== 'reachable') continue
        const generation = process.gossiper.cluster.peer(event.id)?.generation
        if (farewells.has(`${event.id}@${generation}`)) {
          world.fail(name, `${process.id} holds ${event.id} ${event.type} after it left`)
        }
      }
    },
  }
}
