import { parseArgs } from 'node:util'
import { allRareStates } from './rare-states.ts'
import { runSeed, type SeedResult } from './run-seed.ts'

const USAGE = `Runs the cluster through simulated trouble, one run per seed.

  --seed N         one run, with what it was about and its trace hash
  --seeds A..B     all runs from A to B
  --minutes M      new seeds for that long, from a seed that the clock gives`

/** What to run: seeds in order, until there are no more or the time is over. */
interface Plan {
  readonly first: number
  readonly last: number
  readonly minutes: number
}

function readPlan(): Plan | undefined {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      seeds: { type: 'string' },
      minutes: { type: 'string' },
    },
  })
  if (values.minutes !== undefined) {
    const first = Math.floor(Date.now() / 1_000) % 1_000_000_000
    return { first, last: Infinity, minutes: Number(values.minutes) }
  }
  const range = values.seeds ?? (values.seed === undefined ? '1..100' : values.seed)
  const match = /^(\d+)(?:\.\.(\d+))?$/.exec(range)
  if (match === null) return undefined
  return { first: Number(match[1]), last: Number(match[2] ?? match[1]), minutes: Infinity }
}

function report({ seed, swarm, hash, agreedMs, violation }: SeedResult): void {
  const outcome =
    violation === undefined ? `agreed after ${(agreedMs ?? 0).toFixed(0)} ms` : violation.message
  console.log(`seed ${seed}  hash ${hash}  ${outcome}`)
  console.log(`  ${swarm.ids.length} nodes; ${[...swarm.faults].join(', ') || 'no faults'}`)
  if (violation !== undefined) console.log(`  replay: npm run sim -- --seed ${seed}`)
}

function main(): number {
  const plan = readPlan()
  if (plan === undefined || Number.isNaN(plan.minutes)) {
    console.error(USAGE)
    return 2
  }
  const started = Date.now()
  const sometimes = allRareStates()
  let failures = 0
  let runs = 0
  for (let seed = plan.first; seed <= plan.last; seed++) {
    if (Date.now() - started > plan.minutes * 60_000) break
    const result = runSeed({ seed })
    runs += 1
    sometimes.add(result.sometimes)
    if (result.violation !== undefined) failures += 1
    if (result.violation !== undefined || plan.first === plan.last) report(result)
  }
  if (runs > 1)
    console.log(
      `${runs} runs from seed ${plan.first}, ${failures} violations\n${sometimes.toString()}`,
    )
  return failures === 0 ? 0 : 1
}

process.exitCode = main()
