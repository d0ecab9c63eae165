import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { fileURLToPath } from 'node:url'
import { BenchError } from './bench-error.ts'
import type { RequestCell } from './cells.ts'
import type { Contender } from './contender.ts'
import { SEARCH_PATH } from './requirements.ts'

/** What a load saw of a contender in one sample. */
export interface LoadResult {
  readonly requests: number
  readonly durationUs: number
  readonly p50Us: number
  readonly p99Us: number
  /** Requests that got an error, a status above 399, or nothing in time. */
  readonly failed: number
}

const run = promisify(execFile)
const REPORT = fileURLToPath(new URL('wrk-report.lua', import.meta.url))

/** Lets wrk ask a contender for as many seconds, on the core of this process. */
export async function wrkLoad(
  { port, header }: Pick<Contender, 'port' | 'header'>,
  { sizeBytes, connections }: RequestCell,
  seconds: number,
): Promise<LoadResult> {
  const { stdout } = await run(
    'wrk',
    [
      ...(header === undefined ? [] : ['-H', header]),
      '-t1',
      `-c${connections}`,
      `-d${seconds}s`,
      '-s',
      REPORT,
      `http://127.0.0.1:${port}/${sizeBytes}`,
    ],
    { env: { ...process.env, PATH: SEARCH_PATH } },
  )
  const line = stdout.split('\n').find((text) => text.startsWith('{'))
  if (line === undefined) throw new BenchError(`wrk reported nothing:\n${stdout}`)
  return JSON.parse(line) as LoadResult
}
