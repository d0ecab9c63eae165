import { formatDuration } from '../std/duration.ts'
import { CodedError } from '../std/errors.ts'
import type { HostPort } from '../std/host-port.ts'
import { briefly } from './log-line.ts'
import type { LogLine } from './log-line.ts'
import { PikoProcess } from './piko-process.ts'
import { TcpBalancer } from './tcp-balancer.ts'
import type { TestClusterConfig } from './test-cluster-config.ts'

/** The ports that every node has and the balancer stands in front of. */
const PORTS = ['proxy', 'upstream', 'admin'] as const
type PortName = (typeof PORTS)[number]

export type BalancedAddresses = Readonly<Record<PortName, HostPort>>

/** Only this machine needs to reach the nodes. */
const HOST = '127.0.0.1'

/** The cluster cannot begin, or cannot go on. */
export class TestClusterError extends CodedError<'ended'> {
  override readonly name = 'TestClusterError'
}

/** A node as the balancer sees it. */
interface ClusterNode {
  readonly process: PikoProcess
  /** Where it listens, once it is ready and until it leaves. */
  addresses: BalancedAddresses | undefined
}

/**
 * A whole cluster on this machine: nodes in processes of their own, joined through the first one,
 * behind a balancer for each of the ports.
 *
 *     :8000  :8001  :8002       balancers: connections go to the nodes in turn
 *        ╲      │      ╱
 *      n1     n2     n3         processes, all ports free ones
 *       ◀─gossip─▶ ◀─gossip─▶
 */
export class TestCluster {
  private readonly config: TestClusterConfig
  private readonly program: readonly [string, ...string[]]
  private readonly say: (line: string) => void
  private readonly nodes: ClusterNode[] = []
  private readonly balancers: readonly (readonly [PortName, TcpBalancer])[]
  private stopping = false
  private fail: (error: TestClusterError) => void = () => {}
  /** Resolves when the last node ended by itself. */
  readonly failed = new Promise<TestClusterError>((resolve) => {
    this.fail = resolve
  })

  /** `program` runs `piko` when arguments are put behind it. */
  constructor(
    config: TestClusterConfig,
    program: readonly [string, ...string[]],
    say: (line: string) => void,
  ) {
    this.config = config
    this.program = program
    this.say = say
    this.balancers = PORTS.map((name) => [name, new TcpBalancer(() => this.ready(name))])
  }

  /**
   * Resolves when every node knows every other. Rejects with a ListenError that names a port which
   * is taken, or with the reason why a node ended.
   */
  async start(): Promise<BalancedAddresses> {
    // Before any node: a port that is taken is the likeliest trouble.
    const addresses = await this.listen()
    const count = this.config.nodes
    const first = await this.startNode('n1', count - 1)
    const joined = Array.from({ length: count - 1 }, async (_, index) => {
      const node = await this.startNode(`n${index + 2}`, count - 1, first.gossip)
      return node.complete
    })
    await Promise.all([first.complete, ...joined])
    return addresses
  }

  /** Ends the nodes in order, and the balancers behind them. */
  async shutdown(): Promise<void> {
    this.stopping = true
    await Promise.all(this.nodes.map(async ({ process }) => process.stop()))
    await Promise.all(this.balancers.map(async ([, balancer]) => balancer.close()))
  }

  private ready(name: PortName): HostPort[] {
    return this.nodes.flatMap(({ addresses }) => (addresses === undefined ? [] : [addresses[name]]))
  }

  private async listen(): Promise<BalancedAddresses> {
    const bound: Partial<Record<PortName, HostPort>> = {}
    for (const [name, balancer] of this.balancers) {
      bound[name] = await balancer.listen(this.config[name].bindAddr, name)
    }
    return bound as BalancedAddresses
  }

  /** Resolves when the node is ready; `complete` when it knows as many others as `peerCount`. */
  private async startNode(
    id: string,
    peerCount: number,
    join?: string,
  ): Promise<{ gossip: string; complete: Promise<unknown> }> {
    const running = this.spawn(id, join)
    const node: ClusterNode = { process: running, addresses: undefined }
    this.nodes.push(node)
    running.onLine((line) => this.heard(node, line))
    const complete = peerCount === 0 ? undefined : running.logged('node joined', peerCount)
    void running.ended.then((end) => this.ended(node, end))
    // Looked at when all have started.
    complete?.catch(() => {})
    const { fields } = await running.logged('node started')
    return {
      gossip: `${HOST}:${String(fields['gossip-port'])}`,
      complete: Promise.resolve(complete),
    }
  }

  private spawn(id: string, join: string | undefined): PikoProcess {
    if (this.stopping) throw new TestClusterError('ended', 'the cluster is being stopped')
    const anyPort = [...PORTS, 'cluster.gossip'].map((name) => `--${name}.bind-addr=${HOST}:0`)
    const grace = formatDuration(this.config.gracePeriodMs)
    return new PikoProcess(id, [
      ...this.program,
      'server',
      `--cluster.node-id=${id}`,
      ...anyPort,
      ...(join === undefined ? [] : [`--cluster.join=${join}`]),
      `--grace-period=${grace}`,
      // Its balancer knows at once.
      '--shutdown.delay=0',
    ])
  }

  private heard(node: ClusterNode, line: LogLine): void {
    const { name, pid } = node.process
    const { level, msg } = line.fields
    if (msg === 'node started') {
      node.addresses = addressesOf(line)
      this.say(`${name} | pid ${pid}: ${describe(node.addresses)}`)
    } else if (msg === 'node leaving') node.addresses = undefined
    const isWarning = level === 'warn' || level === 'error'
    if (this.config.verbose || (isWarning && !this.stopping)) this.say(`${name} | ${briefly(line)}`)
  }

  private ended(node: ClusterNode, end: Error): void {
    const wasReady = node.addresses !== undefined
    node.addresses = undefined
    if (this.stopping || !wasReady) return
    const left = this.ready('proxy').length
    this.say(`${end.message}; ${left} of ${this.nodes.length} nodes go on without it`)
    if (left === 0) this.fail(new TestClusterError('ended', 'no node is left'))
  }
}

function addressesOf({ fields }: LogLine): BalancedAddresses {
  const at = (name: PortName) => ({ host: HOST, port: Number(fields[`${name}-port`]) })
  return { proxy: at('proxy'), upstream: at('upstream'), admin: at('admin') }
}

function describe(addresses: BalancedAddresses): string {
  return PORTS.map((name) => `${name} :${addresses[name].port}`).join(', ')
}
