import { assert } from '../../src/std/assert.ts'
import { runUntilAgreed } from './convergence.ts'
import { CLEAN_LINK } from './network.ts'
import { quantile, Spread } from './spread.ts'
import type { SimProcess } from './sim-process.ts'
import { World } from './world.ts'

const ENDPOINTS = 10_000
const LOOK_MS = 10

/** A settled cluster of `nodes`, with all endpoints spread over them. */
function settled(seed: number, nodes: number, endpoints = ENDPOINTS): World {
  const world = new World({ seed })
  for (let i = 0; i < nodes; i++) world.start(`node-${i.toString(36).padStart(2, '0')}`)
  const processes = [...world.processes.values()]
  for (let i = 0; i < endpoints; i++) {
    const process = processes[i % nodes] as SimProcess
    process.setUpstreams(`endpoint-${i}`, 1)
  }
  assert(runUntilAgreed(world, 60_000) !== undefined, 'a quiet cluster settles')
  world.run(2_000)
  return world
}

function setLoss(world: World, loss: number): void {
  world.network.setQuality({ ...CLEAN_LINK, loss })
}

export interface ChurnOptions {
  readonly seed: number
  readonly loss: number
  readonly addsPerSecond: number
  readonly durationMs: number
}

export interface SpreadFigures {
  readonly p99Ms: number
  readonly bytesPerNodePerSecond: number
}

/** How long adds and removes take to be known everywhere, 25 nodes, and what that costs. */
export function measureSpread(options: ChurnOptions): SpreadFigures {
  const { seed, loss, addsPerSecond, durationMs } = options
  const world = settled(seed, 25)
  setLoss(world, loss)
  const spread = new Spread(world)
  const processes = [...world.processes.values()]
  const bytesBefore = world.network.counts.bytes
  const start = world.now
  const end = start + durationMs
  let made = 0
  while (world.now < end || spread.pending > 0) {
    assert(world.now < end + 60_000, 'the backlog drains')
    while (world.now < end && made < ((world.now - start) / 1_000) * addsPerSecond) {
      const owner = processes[made % processes.length] as SimProcess
      spread.change(owner, `new-${made}`, true)
      spread.change(owner, owner.connected.keys().next().value as string, false)
      made += 1
    }
    world.run(LOOK_MS)
    spread.look()
  }
  const bytes = world.network.counts.bytes - bytesBefore
  const seconds = (world.now - start) / 1_000
  return {
    p99Ms: quantile(spread.delaysMs, 0.99),
    bytesPerNodePerSecond: bytes / seconds / processes.length,
  }
}

/** How long a crash takes until all others hold the node unreachable. */
export function measureCrash(seed: number, nodes: number, loss: number): number {
  const world = settled(seed, nodes, 50)
  setLoss(world, loss)
  world.run(5_000)
  const victim = [...world.processes.keys()][seed % nodes] as string
  world.end(victim)
  const start = world.now
  const isSeen = () =>
    [...world.processes.values()].every(({ table }) => table.node(victim)?.status !== 'reachable')
  while (!isSeen()) {
    assert(world.now - start < 120_000, 'a crash is noticed')
    world.run(LOOK_MS)
  }
  return world.now - start
}

/** How often a node that ran was held unreachable, from the first moment on. */
export function countFalseAlarms(seed: number, loss: number, durationMs: number): number {
  let alarms = 0
  const count = {
    name: 'false alarms',
    after: ({ events }: { readonly events: readonly { readonly type: string }[] }) => {
      alarms += events.filter(({ type }) => type === 'unreachable').length
    },
  }
  const world = new World({ seed, checkers: [() => count] })
  setLoss(world, loss)
  for (let i = 0; i < 25; i++) world.start(`node-${i.toString(36).padStart(2, '0')}`)
  world.run(durationMs)
  return alarms
}

/** What a quiet cluster sends, headers of IP and UDP not counted. */
export function measureQuietBytes(seed: number, nodes: number): number {
  const world = settled(seed, nodes)
  const before = world.network.counts.bytes
  world.run(20_000)
  return (world.network.counts.bytes - before) / nodes / 20
}

/** How long two halves take to be one cluster again, after they were cut apart. */
export function measureHeal(seed: number, nodes: number, partitionMs: number): number {
  const world = settled(seed, nodes, nodes * 100)
  const ids = [...world.processes.keys()]
  world.partition(ids.slice(0, nodes >> 1), ids.slice(nodes >> 1))
  world.run(partitionMs)
  world.network.heal()
  return runUntilAgreed(world, 60_000) ?? Infinity
}
