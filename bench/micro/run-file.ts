import { pathToFileURL } from 'node:url'
import { time } from './benchmark.ts'
import type { BenchmarkFile } from './benchmark.ts'

/**
 * Times one *.bench.ts file, in a process of its own so that no other file shapes what the compiler
 * knows: `run-file.ts <path>` prints its timings as JSON.
 */
const path = process.argv[2] as string
const { benchmarks } = (await import(pathToFileURL(path).href)) as BenchmarkFile
console.log(JSON.stringify(benchmarks.map(time)))
