import { BenchError } from './bench-error.ts'

/** Keep-alive connections that ask for a small or large answer over and over. */
export interface RequestCell {
  readonly kind: 'requests'
  readonly name: string
  readonly sizeBytes: number
  readonly connections: number
}

/** One body of a GiB on one connection. `down` is a download. */
export interface StreamCell {
  readonly kind: 'stream'
  readonly name: string
  readonly direction: 'down' | 'up'
}

/** One place in the table: what is asked for, and how. */
export type Cell = RequestCell | StreamCell

export const STREAM_BYTES = 2 ** 30

const SIZES: Readonly<Record<string, number>> = {
  '100B': 100,
  '1KiB': 1_024,
  '64KiB': 65_536,
  '1MiB': 1_048_576,
}
const CONNECTIONS: readonly number[] = [1, 32, 256]

/** Answers that the origin has ready. */
export const ANSWER_SIZES: readonly number[] = Object.values(SIZES)

/** What design goals are set for; a run of these takes less than five minutes. */
const DEFAULT_CELLS = '100B@1,100B@32,100B@256,64KiB@32,1MiB@32,down,up'

export const CELLS_HELP = `${Object.keys(SIZES).join(', ')} @ ${CONNECTIONS.join(', ')}; down, up`

/** Reads `100B@32,1MiB@256,down`, or `all`. Throws a BenchError. */
export function parseCells(text = DEFAULT_CELLS): readonly Cell[] {
  if (text === 'all') return [...allRequestCells(), streamCell('down'), streamCell('up')]
  return text.split(',').map(parseCell)
}

function parseCell(name: string): Cell {
  if (name === 'down' || name === 'up') return streamCell(name)
  const cell = allRequestCells().find((known) => known.name === name)
  if (cell === undefined) throw new BenchError(`no cell is called ${name}; there are ${CELLS_HELP}`)
  return cell
}

function allRequestCells(): RequestCell[] {
  return Object.entries(SIZES).flatMap(([size, sizeBytes]) =>
    CONNECTIONS.map((connections) => ({
      kind: 'requests' as const,
      name: `${size}@${connections}`,
      sizeBytes,
      connections,
    })),
  )
}

function streamCell(direction: 'down' | 'up'): StreamCell {
  return { kind: 'stream', name: direction, direction }
}

export function cellTitle(cell: Cell): string {
  if (cell.kind === 'stream') return `1 GiB in one stream, ${cell.direction}`
  const [size] = cell.name.split('@')
  return `GET ${size}, ${cell.connections} connection${cell.connections === 1 ? '' : 's'}`
}
