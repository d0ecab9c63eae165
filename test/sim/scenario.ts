import { parseDuration } from '../../src/std/duration.ts'
import { Violation } from './checker.ts'
import { difference, runUntilAgreed } from './convergence.ts'
import { INVARIANTS } from './invariants.ts'
import type { SimProcess } from './sim-process.ts'
import { World, type WorldOptions } from './world.ts'

export const AS_TOLD = 'as told'

/**
 * A story about a cluster, one sentence per line, told to a World under all invariants:
 *
 *     start n1 n2 n3               n1 has shop 2          (upstreams; 0 for none)
 *     crash n2                     cut n1 | n2 n3         (both directions)
 *     restart n2                   silence n1 > n2 n3     (one direction)
 *     leave n3                     heal
 *     pause n1                     lose 20 %
 *     resume n1                    wait 90s
 *     n1 serves 300 endpoints      (of one upstream each)
 *     agree within 5s              n1 holds n2 reachable  (unreachable, left, unknown)
 *     n1 routes shop to n2         n1 routes shop nowhere
 *
 * Returns the first contradiction, with its sentence and time, or that there is none.
 */
export function outcomeOf(story: string, options: Partial<WorldOptions> = {}): string {
  const world = new World({ seed: 1, checkers: INVARIANTS, ...options })
  try {
    for (const line of story.split('\n')) {
      const sentence = line.trim()
      if (sentence !== '') tellSentence(world, sentence)
    }
    return AS_TOLD
  } catch (error) {
    if (error instanceof Violation) return error.message
    throw error
  }
}

type Meaning = (world: World, words: readonly string[], sentence: string) => void

const SENTENCES: readonly (readonly [RegExp, Meaning])[] = [
  [/^start (.+)$/, (world, [ids]) => each(ids, (id) => world.start(id))],
  [/^crash (.+)$/, (world, [ids]) => each(ids, (id) => world.end(id))],
  [/^restart (.+)$/, (world, [ids]) => each(ids, (id) => restart(world, id))],
  [/^leave (.+)$/, (world, [ids]) => each(ids, (id) => world.process(id).leave())],
  [/^pause (.+)$/, (world, [ids]) => each(ids, (id) => world.process(id).pause())],
  [/^resume (.+)$/, (world, [ids]) => each(ids, (id) => world.process(id).resume())],
  [/^cut (.+) \| (.+)$/, (world, [near, far]) => world.partition(names(near), names(far))],
  [/^silence (.+) > (.+)$/, (world, [from, to]) => world.silence(names(from), names(to))],
  [/^heal$/, (world) => world.network.heal()],
  [/^lose (\d+) %$/, (world, [percent]) => lose(world, Number(percent) / 100)],
  [/^wait (\S+)$/, (world, [duration]) => world.run(toMs(duration))],
  [
    /^(\S+) has (\S+) (\d+)$/,
    (world, [id = '', endpoint = '', count]) => {
      world.process(id).setUpstreams(endpoint, Number(count))
    },
  ],
  [/^(\S+) serves (\d+) endpoints$/, serve],
  [/^agree within (\S+)$/, agree],
  [/^(\S+) holds (\S+) (reachable|unreachable|left|unknown)$/, expectHeld],
  [/^(\S+) routes (\S+) to (\S+)$/, expectRoute],
  [/^(\S+) routes (\S+) nowhere$/, expectRoute],
]

function tellSentence(world: World, sentence: string): void {
  for (const [pattern, meaning] of SENTENCES) {
    const match = pattern.exec(sentence)
    if (match !== null) return meaning(world, match.slice(1), sentence)
  }
  throw new SyntaxError(`no such sentence: ${sentence}`)
}

function serve(world: World, [id = '', count]: readonly string[]): void {
  for (let i = 0; i < Number(count); i++) world.process(id).setUpstreams(`endpoint-${i}`, 1)
}

function restart(world: World, id: string): SimProcess {
  if (world.processes.has(id)) world.end(id)
  return world.start(id)
}

function lose(world: World, loss: number): void {
  world.network.setQuality({
    loss,
    duplication: 0,
    reordering: 0,
    latencyMs: 1,
    jitterMs: 1,
  })
}

function agree(world: World, [duration]: readonly string[], sentence: string): void {
  if (runUntilAgreed(world, toMs(duration)) !== undefined) return
  world.fail(sentence, difference(world) ?? 'views differ')
}

function expectHeld(world: World, words: readonly string[], sentence: string): void {
  const [observer = '', id = '', expected] = words
  const held = world.process(observer).table.node(id)?.status ?? 'unknown'
  if (held !== expected) world.fail(sentence, `it is ${held}`)
}

function expectRoute(world: World, words: readonly string[], sentence: string): void {
  const [observer = '', endpoint = '', expected] = words
  const { table, now } = world.process(observer)
  const chosen = table.choose(endpoint, now)?.id
  if (chosen !== expected) world.fail(sentence, `it goes to ${chosen ?? 'nobody'}`)
}

function names(words: string | undefined): string[] {
  return (words ?? '').split(' ')
}

function each(words: string | undefined, act: (id: string) => unknown): void {
  for (const id of names(words)) act(id)
}

function toMs(duration: string | undefined): number {
  const ms = parseDuration(duration ?? '')
  if (ms === undefined) throw new SyntaxError(`no duration: ${duration}`)
  return ms
}
