import { STREAM_BYTES } from './cells.ts'
import type { Cell } from './cells.ts'
import type { Contender } from './contender.ts'
import { cpuUs, peakRssBytes, resetPeak } from './process-usage.ts'
import { streamLoad } from './stream-load.ts'
import { wrkLoad } from './wrk-load.ts'

/** What one contender did in one cell in one round. */
export interface Sample {
  /** Processor time of all its processes: per request, or per GiB of a stream. */
  readonly cpuUs: number
  /** Requests per second, or MB/s of a stream. */
  readonly rate: number
  readonly p50Us?: number
  readonly p99Us?: number
  readonly failed: number
  /** Of its largest process. */
  readonly peakRssBytes: number
}

export async function takeSample(
  contender: Contender,
  cell: Cell,
  seconds: number,
): Promise<Sample> {
  const { pids } = contender
  resetPeak(pids)
  const before = cpuUs(pids)
  const load = await runLoad(contender, cell, seconds)
  const { units, durationUs, ...rest } = load
  const used = cpuUs(pids) - before
  return {
    cpuUs: used / units,
    rate: cell.kind === 'stream' ? STREAM_BYTES / durationUs : (units / durationUs) * 1e6,
    ...rest,
    peakRssBytes: peakRssBytes(pids),
  }
}

/** What a load did: `units` are requests, or one stream; none when it failed. */
interface Load extends Pick<Sample, 'p50Us' | 'p99Us' | 'failed'> {
  readonly units: number
  readonly durationUs: number
}

async function runLoad(contender: Contender, cell: Cell, seconds: number): Promise<Load> {
  if (cell.kind === 'requests') {
    const { requests, ...rest } = await wrkLoad(contender, cell, seconds)
    return { units: requests, ...rest }
  }
  const durationUs = await streamLoad(contender, cell)
  const hasFailed = Number.isNaN(durationUs)
  return { units: hasFailed ? Number.NaN : 1, durationUs, failed: hasFailed ? 1 : 0 }
}
