import { unreachable } from '../src/std/assert.ts'
import { BenchError } from './bench-error.ts'
import type { Cell } from './cells.ts'
import { CORE } from './cores.ts'
import { freePorts } from './free-ports.ts'
import { startHop } from './nginx.ts'
import type { BenchOptions, ContenderName } from './options.ts'
import { ourCommands, peerCommands, serverPorts } from './piko-pair.ts'
import type { PairCommands } from './piko-pair.ts'
import type { ProcessGroup, Running } from './process-group.ts'
import { withDescendants } from './process-usage.ts'
import { answering } from './readiness.ts'

const RELAYED_CELL = '100B@32'

/** A way from the load to the origin, up and answering. */
export interface Contender {
  readonly name: ContenderName
  readonly port: number
  /** Names the endpoint, where one is needed. */
  readonly header: string | undefined
  readonly processes: readonly Running[]
  /** What is measured: the processes with their children. None for `direct`. */
  readonly pids: readonly number[]
}

/** Who runs when nobody chose: everybody there is. */
export function chooseContenders(options: BenchOptions): readonly ContenderName[] {
  if (options.contenders !== undefined) return options.contenders
  const peer = options.peer === undefined ? [] : (['peer'] as const)
  return ['direct', 'nginx1', 'nginx2', 'piko', 'relayed', ...peer]
}

/**
 * Whether a contender runs in a cell: relaying has a goal in one only, and a run is to be short.
 */
export function takesPart(options: BenchOptions, name: ContenderName, cell: Cell): boolean {
  return name !== 'relayed' || options.contenders !== undefined || cell.name === RELAYED_CELL
}

/** Starts the contenders in front of one origin. */
export class ContenderStarter {
  private readonly group: ProcessGroup
  private readonly options: BenchOptions
  private readonly originPort: number
  private readonly prefix: string

  /** `prefix` tells the log files of several starters of a run apart. */
  constructor(
    group: ProcessGroup,
    options: BenchOptions,
    { originPort, prefix }: { originPort: number; prefix: string },
  ) {
    this.group = group
    this.options = options
    this.originPort = originPort
    this.prefix = prefix
  }

  async start(name: ContenderName): Promise<Contender> {
    switch (name) {
      case 'direct':
        return { name, port: this.originPort, header: undefined, processes: [], pids: [] }
      case 'nginx1':
        return this.nginx(name, 1)
      case 'nginx2':
        return this.nginx(name, 2)
      case 'piko':
        return this.pair(name, ourCommands(this.options))
      case 'relayed':
        return this.relayed(name, ourCommands(this.options))
      case 'peer':
        return this.pair(name, this.peer())
      default:
        return unreachable(name)
    }
  }

  private async nginx(name: ContenderName, hops: 1 | 2): Promise<Contender> {
    const { first, second } = await freePorts('first', 'second')
    const ports = hops === 1 ? [first] : [first, second]
    const targets = [...ports.slice(1), this.originPort]
    const processes = ports.map((port, index) =>
      startHop(this.group, this.logName(`${name}-${index + 1}`), CORE.proxies, {
        port,
        targetPort: targets[index] as number,
      }),
    )
    return this.ready({ name, port: first, header: undefined, processes })
  }

  private async pair(name: ContenderName, commands: PairCommands): Promise<Contender> {
    const ports = await serverPorts()
    const { header } = commands
    const processes = [
      this.launch(`${name}-server`, commands.server(ports)),
      this.launch(`${name}-agent`, commands.agent(ports, this.originPort)),
    ]
    return this.ready({ name, port: ports.proxy, header, processes })
  }

  /** The load asks one node, the agent is at the other. */
  private async relayed(name: ContenderName, commands: PairCommands): Promise<Contender> {
    const [owner, edge] = await Promise.all([serverPorts(), serverPorts()])
    const { header } = commands
    const processes = [
      this.launch(`${name}-owner`, commands.server(owner)),
      this.launch(`${name}-edge`, commands.server(edge, owner.gossip)),
      this.launch(`${name}-agent`, commands.agent(owner, this.originPort)),
    ]
    return this.ready({ name, port: edge.proxy, header, processes })
  }

  private async ready(contender: Omit<Contender, 'pids'>): Promise<Contender> {
    await answering(contender)
    return { ...contender, pids: withDescendants(contender.processes.map(({ pid }) => pid)) }
  }

  private peer(): PairCommands {
    const { peer } = this.options
    if (peer === undefined) throw new BenchError('a peer needs --peer-server and --peer-agent')
    return peerCommands(peer)
  }

  private launch(name: string, command: readonly string[]): Running {
    return this.group.start(this.logName(name), CORE.proxies, command)
  }

  private logName(name: string): string {
    return `${this.prefix}${name}`
  }
}
