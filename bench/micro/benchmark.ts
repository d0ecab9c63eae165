/** One hot function in a typical use. */
export interface Benchmark {
  readonly name: string
  /** Does the work `count` times. What it returns depends on the work, so that none is left out. */
  run(count: number): number
}

/** What a *.bench.ts file exports. */
export interface BenchmarkFile {
  readonly benchmarks: readonly Benchmark[]
}

/** Nanoseconds per operation of one benchmark in one round. */
export interface Timing {
  readonly name: string
  readonly ns: number
}

/** Short enough for many rounds, long enough that the clock and the collector do not matter. */
const SAMPLE_MS = 150
const SAMPLES = 3

/** Times a benchmark; the best of a few samples, since whatever disturbs only ever adds. */
export function time(benchmark: Benchmark): Timing {
  const count = calibrate(benchmark)
  let bestMs = Number.POSITIVE_INFINITY
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    bestMs = Math.min(bestMs, usedMs(benchmark, count))
  }
  return { name: benchmark.name, ns: (bestMs / count) * 1e6 }
}

/** How many operations fill a sample; finding out also gets the function compiled. */
function calibrate(benchmark: Benchmark): number {
  let count = 16
  for (;;) {
    const ms = usedMs(benchmark, count)
    if (ms > SAMPLE_MS / 2) return Math.ceil((count * SAMPLE_MS) / ms)
    count *= 2
  }
}

/** Processor time, since on a shared machine the clock also counts what others do. */
function usedMs(benchmark: Benchmark, count: number): number {
  const before = process.cpuUsage()
  const result = benchmark.run(count)
  const { user, system } = process.cpuUsage(before)
  if (Number.isNaN(result)) throw new Error('a benchmark returns a number')
  return (user + system) / 1_000
}
