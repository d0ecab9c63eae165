import { randomBelow, type Random } from '../../src/std/prng.ts'
import type { CheckerFactory } from './checker.ts'
import { STRANGER_PREFIX } from './checkers/packet-budget.ts'
import { pick } from './swarm.ts'
import type { Network } from './network.ts'

const OVERHEARD_MAX = 40

interface Overheard {
  readonly from: string
  readonly to: string
  readonly bytes: Uint8Array
}

/**
 * Somebody outside who overhears packets and sends back what he likes: noise, cut and bent packets
 * from addresses of his own, which he never proves, and true ones again, later, from there or under
 * the name of who sent them first.
 */
export class Strangers {
  private readonly random: Random
  private readonly overheard: Overheard[] = []

  constructor(random: Random) {
    this.random = random
  }

  /** Not a checker, but it stands where checkers stand and hears what they hear. */
  overhearing(): CheckerFactory {
    return () => ({
      name: 'strangers',
      sent: (from, to, bytes) => {
        const slot = randomBelow(this.random, OVERHEARD_MAX * 4)
        if (slot < OVERHEARD_MAX) this.overheard[slot] = { from, to, bytes }
      },
    })
  }

  trouble(network: Network, victim: string): void {
    if (this.random() < 0.3) this.replay(network)
    else this.pester(network, victim)
  }

  private replay(network: Network): void {
    const known = this.known()
    if (known.length === 0) return
    const { from, to, bytes } = pick(this.random, known)
    network.inject(from, to, bytes)
  }

  private pester(network: Network, victim: string): void {
    const from = `${STRANGER_PREFIX}${1 + randomBelow(this.random, 3)}:9`
    const bytes = pick(this.random, [
      () => this.noise(),
      () => this.cut(),
      () => this.bent(),
      () => this.truth(),
    ])()
    network.inject(from, victim, bytes)
  }

  private noise(): Uint8Array {
    const length = randomBelow(this.random, 200)
    return Uint8Array.from({ length }, () => randomBelow(this.random, 256))
  }

  private cut(): Uint8Array {
    const whole = this.truth()
    return whole.slice(0, randomBelow(this.random, Math.max(1, whole.length)))
  }

  private bent(): Uint8Array {
    const bent = this.truth().slice()
    const position = randomBelow(this.random, Math.max(1, bent.length))
    if (bent.length > 0)
      bent[position] = (bent[position] as number) ^ (1 << randomBelow(this.random, 8))
    return bent
  }

  private truth(): Uint8Array {
    const known = this.known()
    return known.length === 0 ? this.noise() : pick(this.random, known).bytes
  }

  private known(): readonly Overheard[] {
    return this.overheard.filter((packet) => packet !== undefined)
  }
}
