import { seededRandom } from '../../src/std/prng.ts'
import { Chaos } from './chaos.ts'
import { Violation, type CheckerFactory } from './checker.ts'
import { difference, runUntilAgreed } from './convergence.ts'
import { INVARIANTS } from './invariants.ts'
import { allRareStates, watchRareStates, type RareState } from './rare-states.ts'
import type { Sometimes } from './sometimes.ts'
import { Strangers } from './strangers.ts'
import { drawSwarm, type Swarm } from './swarm.ts'
import { World } from './world.ts'

export interface SeedOptions {
  readonly seed: number
  readonly checkers?: readonly CheckerFactory[]
  /** How long trouble lasts, in virtual time. */
  readonly troubleMs?: number
}

export interface SeedResult {
  readonly seed: number
  readonly swarm: Swarm
  /** Fingerprint of all that happened. */
  readonly hash: string
  readonly sometimes: Sometimes
  /** How long the views took to agree when trouble ended. */
  readonly agreedMs: number | undefined
  readonly violation: Violation | undefined
}

const TROUBLE_MS = 16_000
const STABLE_MS = 3_000

/** One run: trouble under watch, then peace, in which the cluster must become one again. */
export function runSeed({ seed, checkers = INVARIANTS, troubleMs }: SeedOptions): SeedResult {
  const sometimes = allRareStates()
  const random = seededRandom(seed)
  const swarm = drawSwarm(random)
  const strangers = new Strangers(random)
  const watches = [strangers.overhearing(), watchRareStates(sometimes), ...checkers]
  const world = new World({ seed, config: swarm.config, checkers: watches })
  const reached = (state: RareState) => sometimes.reached(state)
  const chaos = new Chaos({ world, swarm, random, strangers, reached })
  const result = { seed, swarm, sometimes }
  try {
    chaos.begin()
    while (world.now < (troubleMs ?? TROUBLE_MS)) {
      world.run(-Math.log(1 - random()) * swarm.stepMs)
      chaos.step()
    }
    const agreedMs = makePeace(world, chaos)
    return { ...result, agreedMs, violation: undefined, hash: world.trace.toString() }
  } catch (error) {
    if (!(error instanceof Violation)) throw error
    return { ...result, agreedMs: undefined, violation: error, hash: world.trace.toString() }
  }
}

/** Ends the trouble and waits until all views agree, and go on to agree. */
function makePeace(world: World, chaos: Chaos): number {
  chaos.end()
  const start = world.now
  const end = start + livenessBoundMs(world)
  while (world.now < end) {
    if (runUntilAgreed(world, end - world.now) === undefined) break
    const agreedMs = world.now - start
    if (staysAgreed(world)) return agreedMs
  }
  return world.fail('liveness', difference(world) ?? 'the views keep changing')
}

function staysAgreed(world: World): boolean {
  for (let i = 0; i < STABLE_MS / 500; i++) {
    world.run(500)
    if (difference(world) !== undefined) return false
  }
  return true
}

/** Noticing the silent at the greatest patience, and a few rounds for everything else. */
function livenessBoundMs({ config }: World): number {
  return 3 * config.unreachableAfterMaxMs + 30 * config.intervalMs + 5 * config.rejoinIntervalMs
}
