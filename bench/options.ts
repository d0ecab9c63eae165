import { parseArgs } from 'node:util'
import { BenchError } from './bench-error.ts'
import { CELLS_HELP, parseCells } from './cells.ts'
import type { Cell } from './cells.ts'

export const CONTENDER_NAMES = ['direct', 'nginx1', 'nginx2', 'piko', 'relayed', 'peer'] as const

/** Ways from the load to the origin that are measured beside each other. */
export type ContenderName = (typeof CONTENDER_NAMES)[number]

/** A server and an agent that are not ours, by their commands. */
export interface PeerCommands {
  readonly server: string
  readonly agent: string
  /** Names the endpoint: `x-piko-endpoint: my-endpoint`. */
  readonly header: string
}

export interface BenchOptions {
  readonly cells: readonly Cell[]
  /** Undefined: all that can run. */
  readonly contenders: readonly ContenderName[] | undefined
  readonly rounds: number
  /** Length of one sample. */
  readonly seconds: number
  readonly peer: PeerCommands | undefined
  /** The built program. */
  readonly piko: string
  readonly serverFlags: readonly string[]
  readonly agentFlags: readonly string[]
  readonly resultsDir: string | undefined
  readonly check: boolean
}

export const USAGE = `Measures what a request costs, beside nginx, in interleaved rounds.

  npm run bench -- [flags]

  --cells <list|all>     ${CELLS_HELP}
  --contenders <list>    ${CONTENDER_NAMES.join(', ')}
  --rounds <n>           samples of each contender in each cell (3)
  --seconds <n>          length of one sample (2)
  --check                exit with 1 when a "must" is missed
  --peer-server <cmd>    another server to measure in the same run …
  --peer-agent <cmd>     … and its agent
  --peer-header <line>   names the peer's endpoint (x-piko-endpoint: my-endpoint)
  --server-flags <text>  more flags for piko server
  --agent-flags <text>   more flags for piko agent
  --piko <path>          the built program (dist/main.js)
  --no-save              write no file into bench/results

In the peer's commands {proxy}, {upstream}, {admin}, {gossip} and {backend} stand for ports. A
command without any is completed with the flags that piko itself takes.
`

/** Reads the command line; undefined when help was asked for. Throws a BenchError. */
export function parseOptions(argv: readonly string[]): BenchOptions | undefined {
  const values = readFlags(argv)
  if (values.help === true) return undefined
  return {
    cells: parseCells(values.cells),
    contenders: values.contenders?.split(',').map(parseContender),
    rounds: parseCount('rounds', values.rounds),
    seconds: parseCount('seconds', values.seconds),
    peer: parsePeer(values['peer-server'], values['peer-agent'], values['peer-header']),
    piko: values.piko,
    serverFlags: words(values['server-flags']),
    agentFlags: words(values['agent-flags']),
    resultsDir: values['no-save'] === true ? undefined : 'bench/results',
    check: values.check === true,
  }
}

function readFlags(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        cells: { type: 'string' },
        contenders: { type: 'string' },
        rounds: { type: 'string', default: '3' },
        seconds: { type: 'string', default: '2' },
        check: { type: 'boolean' },
        'peer-server': { type: 'string' },
        'peer-agent': { type: 'string' },
        'peer-header': { type: 'string', default: 'x-piko-endpoint: my-endpoint' },
        'server-flags': { type: 'string', default: '' },
        'agent-flags': { type: 'string', default: '' },
        piko: { type: 'string', default: 'dist/main.js' },
        'no-save': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (cause) {
    throw new BenchError(`${(cause as Error).message}\n\n${USAGE}`, { cause })
  }
}

function parseContender(text: string): ContenderName {
  const name = CONTENDER_NAMES.find((known) => known === text)
  if (name !== undefined) return name
  throw new BenchError(`no contender is called ${text}; there are ${CONTENDER_NAMES.join(', ')}`)
}

function parseCount(name: string, text: string): number {
  const count = Number(text)
  if (Number.isSafeInteger(count) && count > 0) return count
  throw new BenchError(`--${name} takes a whole number above 0, not ${text}`)
}

function parsePeer(
  server: string | undefined,
  agent: string | undefined,
  header: string,
): PeerCommands | undefined {
  if (server === undefined && agent === undefined) return undefined
  if (server !== undefined && agent !== undefined) return { server, agent, header }
  throw new BenchError('--peer-server and --peer-agent come together')
}

/**
 * Splits a command line as a shell does without expansions: blanks divide, quotes hold together.
 */
export function words(text: string): string[] {
  return [...text.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    (match) => match[1] ?? match[2] ?? (match[3] as string),
  )
}
