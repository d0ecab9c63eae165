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
        const peer = process.gossiper.cluster.peer(event.id)
        if (peer === undefined) continue
        const incarnation = `${peer.id}@${peer.generation}`
        if (event.type === 'left') farewells.add(incarnation)
        if (event.type !== 'joined' && event.type !== 'reachable') continue
        if (farewells.has(incarnation)) {
          world.fail(name, `${process.id} holds ${incarnation} ${event.type} after it left`)
        }
      }
    },
  }
}
