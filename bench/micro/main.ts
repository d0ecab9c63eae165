import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { BenchError } from '../bench-error.ts'
import { spread } from '../summary.ts'
import type { Timing } from './benchmark.ts'
import { checkOutOther } from './other-commit.ts'

const USAGE = `Times the hot functions.

  npm run bench:micro -- [flags] [file …]

  --against <commit>   times that commit's functions in turn with ours, and prints the ratio
  --rounds <n>         how often each file is run (5)

A file is the beginning of a name in bench/micro, such as head-parse.
`

/** Names of benchmarks with a timing from each round. */
type Timings = ReadonlyMap<string, readonly number[]>

/** `npm run bench:micro`: nanoseconds of the hot functions, and how they compare with a commit. */
function main(argv: readonly string[]): void {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      against: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help === true) {
    console.log(USAGE)
    return
  }
  const other = values.against === undefined ? undefined : checkOutOther(values.against)
  for (const file of benchFiles(positionals)) {
    const [ours, theirs] = timeInTurn(file, [resolve('.'), other], Number(values.rounds))
    for (const [name, timings] of ours) console.log(row(name, timings, theirs.get(name)))
  }
}

function benchFiles(beginnings: readonly string[]): string[] {
  const all = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.bench.ts'))
  const chosen = beginnings.length === 0 ? [''] : beginnings
  const files = all.filter((name) => chosen.some((beginning) => name.startsWith(beginning)))
  if (files.length === 0) throw new BenchError(`no file of bench/micro begins like that`)
  return files.sort()
}

/** Runs a file once a round in each tree, one after the other: A B, A B, A B. */
function timeInTurn(
  file: string,
  [ours, other]: readonly [string, string | undefined],
  rounds: number,
): readonly [Timings, Timings] {
  const mine = new Map<string, number[]>()
  const theirs = new Map<string, number[]>()
  for (let round = 0; round < rounds; round += 1) {
    collect(mine, runFile(ours, file))
    if (other !== undefined) collect(theirs, runFile(other, file))
  }
  return [mine, theirs]
}

function collect(into: Map<string, number[]>, timings: readonly Timing[]): void {
  for (const { name, ns } of timings) into.set(name, [...(into.get(name) ?? []), ns])
}

/** No timings when the other commit's functions are called in another way. */
function runFile(tree: string, file: string): Timing[] {
  const folder = join(tree, 'bench', 'micro')
  const args = [...process.execArgv, join(folder, 'run-file.ts'), join(folder, file)]
  try {
    const options = { cwd: tree, encoding: 'utf8', stdio: 'pipe' } as const
    return JSON.parse(execFileSync(process.execPath, args, options)) as Timing[]
  } catch (cause) {
    if (tree === resolve('.')) throw cause
    return []
  }
}

function row(name: string, ours: readonly number[], theirs: readonly number[] | undefined): string {
  const { median, min, max } = spread(ours)
  const timing = `${figure(median).padStart(10)} ns  (${figure(min)}–${figure(max)})`
  const text = `${name.padEnd(48)} ${timing}`
  if (theirs === undefined) return text
  const ratio = spread(ours.map((value, round) => value / (theirs[round] ?? Number.NaN)))
  const range = `${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)}`
  return `${text.padEnd(86)} ${ratio.median.toFixed(2)}× the other commit's (${range})`
}

function figure(value: number): string {
  return value.toFixed(value < 100 ? 1 : 0)
}

// What was checked out is removed when the process ends.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

try {
  main(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof BenchError ? `bench: ${error.message}` : error)
  process.exitCode = 1
}
