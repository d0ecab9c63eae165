import type { Checker } from '../checker.ts'
import type { SimProcess, Step } from '../sim-process.ts'
import type { World } from '../world.ts'

/**
 * The dead stay dead. Of a process that ended,
 *   - nobody hears as a living one any more, once the time to notice its silence is over;
 *   - nobody at all routes to it again, once every node that runs holds it for gone and
 *     no packet of its time proves anything any more;
 *   - nobody knows a key any more, once it was awake long enough to forget it.
 */
export function noZombies(world: World): Checker {
  const name = 'no zombies'
  const givenUp = new Set<SimProcess>()

  const checkNews = ({ process, events }: Step): void => {
    for (const event of events) {
      if (event.type !== 'joined' && event.type !== 'reachable') continue
      for (const { process: ended, at } of world.endings) {
        if (ended.id !== event.id || !isRoutable(process, ended)) continue
        const what = `${process.id} holds the late ${ended.id} ${event.type}`
        if (givenUp.has(ended)) world.fail(name, `${what}, whom all had given up`)
        if (world.now - at > noticeBoundMs(world)) {
          world.fail(name, `${what}, gone since ${at.toFixed(0)}`)
        }
      }
    }
  }

  const giveUpWhereAllAgree = (): void => {
    const running = [...world.processes.values()]
    for (const { process: ended, at } of world.endings) {
      if (givenUp.has(ended) || running.length === 0) continue
      if (world.now - at < world.config.forgetAfterMs) continue
      if (running.every((observer) => holdsGone(observer, ended))) givenUp.add(ended)
    }
  }

  const checkForgotten = ({ process }: Step): void => {
    const boundMs = noticeBoundMs(world) + world.config.forgetAfterMs
    for (const { process: ended, at } of world.endings) {
      if (world.now - Math.max(at, process.awakeSince) < boundMs) continue
      if (process.gossiper.cluster.peer(ended.id)?.generation !== generationOf(ended)) continue
      world.fail(name, `${process.id} still remembers ${ended.id}, gone since ${at.toFixed(0)}`)
    }
  }

  return {
    name,
    after(step) {
      checkNews(step)
      if (step.events.length > 0) giveUpWhereAllAgree()
      if (step.cause === 'tick') checkForgotten(step)
    },
  }
}

/**
 * Noticing silence with the greatest patience, after the last word of it arrived late: a packet
 * that somebody sent again counts as new for as long as its address proof does.
 */
function noticeBoundMs({ config }: World): number {
  return config.forgetAfterMs + 3 * config.unreachableAfterMaxMs + 1_000
}

function isRoutable(observer: SimProcess, ended: SimProcess): boolean {
  const peer = observer.gossiper.cluster.peer(ended.id)
  return peer?.status === 'reachable' && peer.generation === generationOf(ended)
}

/** Whether the observer knew it and knows that it is gone, or knows a later process of its id. */
function holdsGone(observer: SimProcess, ended: SimProcess): boolean {
  const { cluster } = observer.gossiper
  const { id, generation, life } = ended.gossiper.cluster.self
  const peer = cluster.peer(id)
  if (peer === undefined) return cluster.tombstones.covers(id, { generation, life })
  return peer.generation > generation || peer.status !== 'reachable'
}

function generationOf(process: SimProcess): number {
  return process.gossiper.cluster.self.generation
}
