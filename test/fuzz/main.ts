import { fork } from 'node:child_process'
import { parseArgs } from 'node:util'
import { cpuUs } from '../../bench/process-usage.ts'
import { runBatch } from './fuzz-batch.ts'
import type { FuzzTarget } from './fuzz-target.ts'
import { TARGETS } from './targets.ts'

/**
 * `npm run fuzz -- [--minutes M] [--target T] [--seed S]`: feeds each target in a process of its
 * own, one after the other and round and round, until time is up. A process that says nothing for
 * too long hangs, one that outgrows its memory holds too much; either counts as a failure.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    target: { type: 'string' },
    seed: { type: 'string' },
    // Of the processes that this program starts.
    turn: { type: 'string' },
  },
})

const BATCH = 500
/** How long a target is fed before it is the next one's turn. */
const TURN_MS = 20_000
/** Of processor time: where others have much to do, a process may wait for minutes. */
const SILENCE_US = 60_000_000
const WATCH_MS = 5_000
const HEAP_MEGABYTES = 256
const RSS_BYTES_MAX = 600 * 1024 * 1024

interface Progress {
  readonly seed: number
  readonly inputs: number
  readonly failure?: string
}

if (values.turn === undefined) await main()
else await takeTurn()

async function main(): Promise<void> {
  const minutes = Number(values.minutes)
  const targets = TARGETS.filter(({ name }) => [name, undefined].includes(values.target))
  if (targets.length === 0 || !(minutes > 0)) {
    console.log(`targets: ${TARGETS.map(({ name }) => name).join(', ')}`)
    process.exit(2)
  }
  const endMs = performance.now() + minutes * 60_000
  let seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
  const inputs = new Map(targets.map(({ name }) => [name, 0]))
  const failures: string[] = []
  console.log(`seed ${seed}, ${minutes} minutes`)
  const turnMs = Math.min(TURN_MS, (minutes * 60_000) / targets.length)
  while (performance.now() < endMs) {
    for (const target of targets) {
      const { last, failure } = await giveTurn(target, seed, turnMs)
      inputs.set(target.name, (inputs.get(target.name) ?? 0) + last.inputs)
      if (failure !== undefined) {
        failures.push(`${target.name}, seed ${last.seed}: ${failure}`)
        console.log(failures.at(-1))
      }
    }
    seed += 1_000_000
    console.log(`${totalOf(inputs)} inputs, ${failures.length} failures`)
  }
  for (const [name, count] of inputs) console.log(`${name.padEnd(16)} ${count}`)
  console.log(`${totalOf(inputs)} inputs, ${failures.length} failures`)
  process.exit(failures.length === 0 ? 0 : 1)
}

/** Has a process feed the target, and watches over it. */
async function giveTurn(
  target: FuzzTarget,
  seed: number,
  turnMs: number,
): Promise<{ last: Progress; failure: string | undefined }> {
  const args = ['--target', target.name, '--seed', String(seed), '--turn', String(turnMs)]
  const child = fork(import.meta.filename, args, {
    execArgv: [...process.execArgv, `--max-old-space-size=${HEAP_MEGABYTES}`],
  })
  let last: Progress = { seed, inputs: 0 }
  let failure: string | undefined
  const usedUs = (): number => (child.exitCode === null ? cpuUs([child.pid as number]) : 0)
  let heardUs = 0
  const watch = setInterval(() => {
    if (usedUs() - heardUs < SILENCE_US) return
    failure ??= `hangs: said nothing for ${SILENCE_US / 1_000_000} s of processor time`
    child.kill('SIGKILL')
  }, WATCH_MS)
  child.on('message', (progress: Progress) => {
    heardUs = usedUs()
    last = progress
    failure ??= progress.failure
  })
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve))
  clearInterval(watch)
  if (code !== 0) failure ??= `the process ended with ${code}`
  return { last, failure }
}

function totalOf(inputs: ReadonlyMap<string, number>): number {
  return [...inputs.values()].reduce((sum, count) => sum + count, 0)
}

/** The process that feeds one target: each batch has a seed of its own. */
async function takeTurn(): Promise<void> {
  const target = TARGETS.find(({ name }) => name === values.target) as FuzzTarget
  const endMs = performance.now() + Number(values.turn)
  let seed = Number(values.seed)
  let inputs = 0
  while (performance.now() < endMs) {
    tell({ seed, inputs })
    const failure = await runBatch(target, { seed, count: BATCH })
    if (failure !== undefined) return tell({ seed, inputs, failure: failure.report })
    inputs += BATCH
    const { rss } = process.memoryUsage()
    if (rss > RSS_BYTES_MAX) return tell({ seed, inputs, failure: `holds ${rss} bytes` })
    seed += 1
  }
  tell({ seed, inputs })
}

function tell(progress: Progress): void {
  process.send?.(progress)
}
