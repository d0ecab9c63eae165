import { randomBelow, type Random } from '../../src/std/prng.ts'
import { CLEAN_LINK } from './network.ts'
import type { SimProcess } from './sim-process.ts'
import type { RareState } from './rare-states.ts'
import type { Strangers } from './strangers.ts'
import { pick, type Fault, type Swarm } from './swarm.ts'
import type { World } from './world.ts'

const ENDPOINTS = 12
const BURST = 120

export interface ChaosOptions {
  readonly world: World
  readonly swarm: Swarm
  readonly random: Random
  readonly strangers: Strangers
  readonly reached: (state: RareState) => void
}

/** What happens to a cluster from outside: upstreams come and go, and the swarm's faults strike. */
export class Chaos {
  private readonly world: World
  private readonly swarm: Swarm
  private readonly random: Random
  private readonly strangers: Strangers
  private readonly ids: readonly string[]
  private readonly reached: (state: RareState) => void
  private bursts = 0

  constructor({ world, swarm, random, strangers, reached }: ChaosOptions) {
    this.world = world
    this.swarm = swarm
    this.random = random
    this.strangers = strangers
    this.reached = reached
    this.ids = swarm.ids
  }

  begin(): void {
    this.world.network.setQuality(this.swarm.quality)
    for (const id of this.ids) this.world.start(id)
  }

  /** One change: mostly upstreams, now and then a fault. */
  step(): void {
    const faults = [...this.swarm.faults]
    if (faults.length === 0 || this.random() < 0.6) this.changeUpstreams()
    else this.strike(pick(this.random, faults))
  }

  /** Ends all trouble; nodes that are down stay down or come back, as chance has it. */
  end(): void {
    const { world } = this
    world.network.heal()
    world.network.setQuality(CLEAN_LINK)
    for (const process of world.processes.values()) {
      process.resume()
      if (process.hasLeft) world.end(process.id)
    }
    for (const id of this.ids) {
      if (!world.processes.has(id) && this.random() < 0.5) world.start(id)
    }
    if (world.processes.size === 0) world.start(this.ids[0] as string)
  }

  private changeUpstreams(): void {
    const process = this.anyAwake()
    if (process === undefined || process.hasLeft) return
    const endpoint = `e${randomBelow(this.random, ENDPOINTS)}`
    process.setUpstreams(endpoint, Math.max(0, randomBelow(this.random, 5) - 1))
  }

  private strike(fault: Fault): void {
    const process = this.anyAwake()
    switch (fault) {
      case 'restart':
      case 'restart-with-clock-back':
        return this.restart(fault === 'restart' ? 0 : -3_600_000)
      case 'partition':
        return this.togglePartition()
      case 'one-way':
        return this.toggleOneWay()
      case 'loss':
      case 'duplication':
      case 'reordering':
      case 'crowd':
        // These are there all the time.
        return undefined
      default:
        return process === undefined ? undefined : this.strikeProcess(fault, process)
    }
  }

  private strikeProcess(fault: Fault, process: SimProcess): void {
    switch (fault) {
      case 'crash':
        return this.world.end(process.id)
      case 'leave':
        return this.leave(process)
      case 'pause':
        return this.pause(process, this.random() * 4_000)
      case 'long-pause':
        return this.pause(process, 4_000 + this.random() * 12_000)
      case 'clock-jump':
        return this.jumpClock(process)
      case 'strangers':
        for (let i = 0; i < 10; i++) this.strangers.trouble(this.world.network, process.address)
        return undefined
      case 'bursts':
        return this.burst(process)
      default:
        return undefined
    }
  }

  private restart(clockSkewMs: number): void {
    const down = this.ids.filter((id) => !this.world.processes.has(id))
    const id = down.length > 0 ? pick(this.random, down) : pick(this.random, this.ids)
    if (down.length === 0) this.world.end(id)
    this.world.start(id, ['all'], clockSkewMs)
  }

  private leave(process: SimProcess): void {
    if (process.hasLeft) return
    process.leave()
    this.world.queue.schedule(this.random() * 1_000, () => {
      if (!process.ended) this.world.end(process.id)
    })
  }

  private jumpClock(process: SimProcess): void {
    const byMs = (this.random() - 0.4) * 60_000
    if (byMs < 0) this.reached('a clock went backwards')
    process.jumpClock(byMs)
  }

  private pause(process: SimProcess, durationMs: number): void {
    const { unreachableAfterMaxMs, forgetAfterMs } = this.world.config
    if (durationMs > unreachableAfterMaxMs + forgetAfterMs) {
      this.reached('a pause was longer than the memory of the dead')
    }
    process.pause()
    this.world.queue.schedule(durationMs, () => {
      if (!process.ended) process.resume()
    })
  }

  /** Many endpoints at once, and the ones of the burst before gone at once. */
  private burst(process: SimProcess): void {
    if (process.hasLeft) return
    for (const endpoint of process.connected.keys()) {
      if (endpoint.startsWith('burst')) process.setUpstreams(endpoint, 0)
    }
    this.bursts += 1
    for (let i = 0; i < BURST; i++) process.setUpstreams(`burst-${this.bursts}-${i}`, 1)
  }

  private togglePartition(): void {
    this.world.network.heal()
    this.world.network.setQuality(this.swarm.quality)
    if (this.random() < 0.4) return
    const far = this.ids.filter(() => this.random() < 0.5)
    this.world.partition(
      far,
      this.ids.filter((id) => !far.includes(id)),
    )
  }

  private toggleOneWay(): void {
    const from = pick(this.random, this.ids)
    const to = this.ids.filter((id) => id !== from && this.random() < 0.7)
    if (this.random() < 0.5) this.world.silence([from], to)
    else this.world.silence(to, [from])
  }

  private anyAwake(): SimProcess | undefined {
    const awake = [...this.world.processes.values()].filter(({ paused }) => !paused)
    return awake.length === 0 ? undefined : pick(this.random, awake)
  }
}
