import { BenchError } from './bench-error.ts'
import { chooseContenders } from './contender.ts'
import { pinToLoadCore } from './cores.ts'
import { judge } from './goals.ts'
import type { GoalOutcome } from './goals.ts'
import { USAGE, parseOptions } from './options.ts'
import type { BenchOptions } from './options.ts'
import { ProcessGroup } from './process-group.ts'
import { Progress } from './progress.ts'
import { checkRequirements } from './requirements.ts'
import { saveResults, surroundings } from './results-file.ts'
import { Rounds } from './rounds.ts'
import type { CellResult } from './rounds.ts'
import { summarize } from './summary.ts'
import { whyNoSyscalls } from './syscalls.ts'
import { renderCell } from './table.ts'

/** `make bench`: what a request costs, beside nginx (docs/manage/benchmarks.md). */
async function main(argv: readonly string[]): Promise<number> {
  const options = parseOptions(argv)
  if (options === undefined) {
    console.log(USAGE)
    return 0
  }
  checkRequirements(options.piko)
  pinToLoadCore()
  const results = await measure(options)
  const goals = print(results)
  if (options.resultsDir !== undefined) {
    console.log(`Saved ${saveResults(options.resultsDir, options, { results, goals })}`)
  }
  return options.check && goals.some(({ verdict }) => verdict === 'missed') ? 1 : 0
}

async function measure(options: BenchOptions): Promise<CellResult[]> {
  const names = chooseContenders(options)
  const obstacle = whyNoSyscalls()
  if (obstacle !== undefined) console.error(`No syscalls are counted: ${obstacle}`)
  const progress = new Progress(Rounds.steps(options, names))
  const group = new ProcessGroup()
  try {
    return await new Rounds(group, options, { names, progress }).run(obstacle === undefined)
  } finally {
    progress.clear()
    await group.close()
  }
}

function print(results: readonly CellResult[]): GoalOutcome[] {
  const { commit, machine, versions } = surroundings()
  const tools = `Node ${versions.node}, nginx ${versions.nginx}, wrk ${versions.wrk}`
  console.log(`\n${commit} on ${machine.cores} × ${machine.processor}, ${tools}`)
  console.log('Medians (min–max). CPU is that of all proxies on the way together.\n')
  return results.flatMap((result) => {
    const summary = summarize(result)
    const outcomes = judge(summary)
    console.log(renderCell(summary, outcomes))
    return outcomes
  })
}

// What was started ends with the process: the group listens for its exit.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof BenchError ? `bench: ${error.message}` : error)
  process.exitCode = 1
}
