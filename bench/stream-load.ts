import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describeError } from '../src/std/errors.ts'
import { CORE } from './cores.ts'
import type { StreamCell } from './cells.ts'
import type { Contender } from './contender.ts'
import type { ProcessGroup, Running } from './process-group.ts'

/** Whoever is slower than 10 MB/s is broken. */
const TIMEOUT_MS = 100_000

const run = promisify(execFile)

/** The command of a TypeScript program beside this file, run as this one is run. */
function program(name: string, ...args: readonly string[]): string[] {
  const path = fileURLToPath(new URL(name, import.meta.url))
  return [process.execPath, ...process.execArgv, path, ...args]
}

export function startSink(group: ProcessGroup, port: number): Running {
  return group.start('sink', CORE.load, program('upload-sink.ts', String(port)))
}

/** Moves one GiB through a contender; how long it took, in microseconds. NaN if it did not work. */
export async function streamLoad(
  { port, header }: Pick<Contender, 'port' | 'header'>,
  { direction }: StreamCell,
): Promise<number> {
  const args = [direction, String(port), ...(header === undefined ? [] : [header])]
  const [command = '', ...rest] = program('stream-client.ts', ...args)
  try {
    const { stdout } = await run(command, rest, { timeout: TIMEOUT_MS })
    return Number(stdout)
  } catch (error) {
    console.error(`\n${describeError(error)}`)
    return Number.NaN
  }
}
