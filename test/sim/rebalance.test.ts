import { expect, test } from 'vitest'
import { upstreamsToShed } from '../../src/cluster/rebalance.ts'
import { randomBelow, seededRandom } from '../../src/std/prng.ts'
import type { Random } from '../../src/std/prng.ts'

const CONFIG = { threshold: 0.2, shedRate: 0.01, minConns: 50 }
const NODES = 50
const TUNNELS = 20_000

/** What a node knows of the others is as old as this, in rounds of a second. */
const VIEW_AGE = 2

/**
 * Nodes with nothing but a number of tunnels. A round is a second: each node decides on what it
 * knows, and what it sheds is spread by a load balancer that knows nothing.
 */
class Cluster {
  readonly tunnels: number[]
  /** Tunnels that were sent elsewhere since the beginning. */
  moves = 0
  private readonly random: Random
  private readonly views: number[][] = []

  constructor(random: Random) {
    this.random = random
    this.tunnels = Array.from({ length: NODES }, () => TUNNELS / NODES)
  }

  join(): void {
    this.tunnels.push(0)
    this.views.length = 0
  }

  leave(): void {
    const [left = 0] = this.tunnels.splice(randomBelow(this.random, this.tunnels.length), 1)
    this.views.length = 0
    this.spread(left, -1)
  }

  /** Returns how many tunnels were shed. */
  round(): number {
    this.views.push([...this.tunnels])
    if (this.views.length > VIEW_AGE + 1) this.views.shift()
    const [view = []] = this.views
    const shed = this.tunnels.map((local, node) => {
      const others = view.filter((_count, other) => other !== node)
      return upstreamsToShed(local, others, CONFIG)
    })
    for (const [node, count] of shed.entries()) {
      this.tunnels[node] = (this.tunnels[node] as number) - count
      this.spread(count, node)
    }
    const total = shed.reduce((sum, count) => sum + count, 0)
    this.moves += total
    return total
  }

  /** The share by which the fullest node is above the average. */
  get imbalance(): number {
    const average = TUNNELS / this.tunnels.length
    return Math.max(...this.tunnels) / average - 1
  }

  /** What lies above the average on all nodes: so many moves are needed at least. */
  get excess(): number {
    const average = TUNNELS / this.tunnels.length
    return this.tunnels.reduce((sum, count) => sum + Math.max(0, count - average), 0)
  }

  private spread(count: number, not: number): void {
    for (let i = 0; i < count; i++) {
      let node = randomBelow(this.random, this.tunnels.length)
      while (node === not) node = randomBelow(this.random, this.tunnels.length)
      this.tunnels[node] = (this.tunnels[node] as number) + 1
    }
  }
}

/** Rounds until nothing is shed any more; for ever is a failure. */
function settle(cluster: Cluster): number {
  const roundsMax = 600
  for (let round = 0, quiet = 0; round < roundsMax; round++) {
    quiet = cluster.round() === 0 ? quiet + 1 : 0
    if (quiet > 2 * VIEW_AGE) return round
  }
  return Number.POSITIVE_INFINITY
}

test('whoever joins or leaves, fifty nodes come to rest in balance and stay there', () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  const random = seededRandom(seed)
  const cluster = new Cluster(random)
  for (let change = 0; change < 40; change++) {
    for (let times = 1 + randomBelow(random, 10); times > 0; times--) {
      if (random() < 0.5 || cluster.tunnels.length < 30) cluster.join()
      else cluster.leave()
    }
    const movesBefore = cluster.moves
    const needed = cluster.excess
    const rounds = settle(cluster)
    const moves = cluster.moves - movesBefore
    const about = `seed ${seed}, change ${change}, ${rounds} rounds, ${moves} of ${needed} moves`
    let movesAtRest = 0
    for (let quiet = 0; quiet < 50; quiet++) movesAtRest += cluster.round()
    expect({
      about,
      comesToRest: rounds < 600,
      // What arrives at a node near the threshold goes on to another: little beside the rest.
      isThrifty: moves < 1.5 * needed + 100,
      isBalanced: cluster.imbalance < CONFIG.threshold + 0.01,
      movesAtRest,
    }).toEqual({ about, comesToRest: true, isThrifty: true, isBalanced: true, movesAtRest: 0 })
  }
  expect(cluster.tunnels.reduce((sum, count) => sum + count, 0)).toBe(TUNNELS)
})
