import type { Checker } from '../checker.ts'
import type { SimProcess } from '../sim-process.ts'
import type { World } from '../world.ts'

/**
 * Only its own program changes a node: no message touches its keys, its version, its incarnation
 * or whether it leaves; and its incarnations and versions only ever grow.
 */
export function nobodyChangesAnother(world: World): Checker {
  const name = 'nobody changes another'
  let before = ''
  let generation = 0
  let life = 0

  return {
    name,
    before({ process }) {
      const { self } = process.gossiper.cluster
      generation = self.generation
      life = self.life
      before = describe(process)
    },
    after({ process, cause }) {
      const isMessage = cause === 'packet' || cause === 'stream' || cause === 'contact'
      const now = describe(process)
      if (isMessage && now !== before) {
        world.fail(name, `a ${cause} changed ${process.id} from ${before} to ${now}`)
      }
      const { self } = process.gossiper.cluster
      const isOlder =
        self.generation < generation || (self.generation === generation && self.life < life)
      if (cause === 'tick' && isOlder) world.fail(name, `${process.id} became an older incarnation`)
    },
  }
}

function describe({ gossiper, connected }: SimProcess): string {
  const { self } = gossiper.cluster
  const keys = `${self.state.liveSize} keys, ${connected.size} endpoints`
  return `${self.generation}.${self.life} v${self.state.version} ${keys} left=${self.hasLeft}`
}
