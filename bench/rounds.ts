import { answering } from './readiness.ts'
import type { Cell } from './cells.ts'
import { ContenderStarter, takesPart } from './contender.ts'
import type { Contender } from './contender.ts'
import { CORE } from './cores.ts'
import { freePorts } from './free-ports.ts'
import { startOrigin } from './nginx.ts'
import type { BenchOptions, ContenderName } from './options.ts'
import type { ProcessGroup } from './process-group.ts'
import type { Progress } from './progress.ts'
import { takeSample } from './sample.ts'
import type { Sample } from './sample.ts'
import { startSink } from './stream-load.ts'
import { syscallsPerRequest } from './syscalls.ts'
import { wrkLoad } from './wrk-load.ts'

/** Everything that was measured of one contender in one cell. */
export interface Series {
  readonly contender: ContenderName
  /** One per round. */
  readonly samples: Sample[]
  /** Of each process; undefined where they cannot be counted. */
  syscalls: readonly number[] | undefined
}

export interface CellResult {
  readonly cell: Cell
  readonly series: readonly Series[]
}

const WARM_UP_SECONDS = 1

/**
 * After so many requests a JavaScript program is compiled for good; a busy machine takes longer.
 */
const COMPILED_REQUESTS = 20_000
const COMPILE_SECONDS_MAX = 8

/**
 * Runs all cells. In a cell the contenders take turns, since a machine that others use drifts by a
 * factor of two within minutes: only what was measured side by side can be compared.
 *
 *     once:    until compiled, A B C D
 *     cell 1:  warm A B C D   A B C D   A B C D   A B C D   syscalls A B C D
 *     cell 2:  …
 */
export class Rounds {
  private readonly group: ProcessGroup
  private readonly options: BenchOptions
  private readonly names: readonly ContenderName[]
  private readonly progress: Progress

  constructor(
    group: ProcessGroup,
    options: BenchOptions,
    { names, progress }: { names: readonly ContenderName[]; progress: Progress },
  ) {
    this.group = group
    this.options = options
    this.names = names
    this.progress = progress
  }

  /** How many steps `run` reports. */
  static steps(options: BenchOptions, names: readonly ContenderName[]): number {
    const series = options.cells.flatMap((cell) =>
      names.filter((name) => takesPart(options, name, cell)),
    )
    return series.length * options.rounds
  }

  async run(countSyscalls: boolean): Promise<CellResult[]> {
    const isUpload = (cell: Cell): boolean => cell.kind === 'stream' && cell.direction === 'up'
    const downloads = this.options.cells.filter((cell) => !isUpload(cell))
    const uploads = this.options.cells.filter(isUpload)
    return [
      ...(await this.phase('origin', downloads, countSyscalls)),
      ...(await this.phase('sink', uploads, false)),
    ]
  }

  /** The cells of one origin, with contenders of their own in front of it. */
  private async phase(
    origin: 'origin' | 'sink',
    cells: readonly Cell[],
    countSyscalls: boolean,
  ): Promise<CellResult[]> {
    if (cells.length === 0) return []
    const { port } = await freePorts('port')
    const running =
      origin === 'origin' ? startOrigin(this.group, CORE.load, port) : startSink(this.group, port)
    await answering({ name: origin, port, header: undefined, processes: [running] })
    const names = this.names.filter((name) =>
      cells.some((cell) => takesPart(this.options, name, cell)),
    )
    const contenders = await this.startAll(names, { originPort: port, prefix: `${origin}-` })
    const asks = cells.some(({ kind }) => kind === 'requests')
    if (asks) for (const contender of contenders) await compile(contender)
    const results: CellResult[] = []
    for (const cell of cells) {
      const here = contenders.filter(({ name }) => takesPart(this.options, name, cell))
      results.push(await this.cell(cell, here, countSyscalls))
    }
    await this.group.stop()
    return results
  }

  private async startAll(
    names: readonly ContenderName[],
    { originPort, prefix }: { originPort: number; prefix: string },
  ): Promise<Contender[]> {
    const starter = new ContenderStarter(this.group, this.options, { originPort, prefix })
    const contenders: Contender[] = []
    for (const name of names) contenders.push(await starter.start(name))
    return contenders
  }

  private async cell(
    cell: Cell,
    contenders: readonly Contender[],
    countSyscalls: boolean,
  ): Promise<CellResult> {
    const series = contenders.map((contender): Series => {
      return { contender: contender.name, samples: [], syscalls: undefined }
    })
    if (cell.kind === 'requests') {
      for (const contender of contenders) await wrkLoad(contender, cell, WARM_UP_SECONDS)
    }
    for (let round = 1; round <= this.options.rounds; round += 1) {
      for (const [index, contender] of contenders.entries()) {
        this.progress.step(`${cell.name} round ${round} ${contender.name}`)
        series[index]?.samples.push(await takeSample(contender, cell, this.options.seconds))
      }
    }
    if (countSyscalls && cell.kind === 'requests') {
      for (const [index, contender] of contenders.entries()) {
        const measured = series[index]
        if (contender.pids.length === 0 || measured === undefined) continue
        measured.syscalls = await syscallsPerRequest(contender, cell)
      }
    }
    return { cell, series }
  }
}

/** Asks for little, until enough was asked. */
async function compile(contender: Contender): Promise<void> {
  const cell = { kind: 'requests', name: '', sizeBytes: 100, connections: 32 } as const
  let served = 0
  for (let second = 0; second < COMPILE_SECONDS_MAX && served < COMPILED_REQUESTS; second += 1) {
    const { requests } = await wrkLoad(contender, cell, 1)
    served += requests
  }
}
