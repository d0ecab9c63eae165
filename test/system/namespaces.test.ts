import { expect, onTestFinished, test } from 'vitest'
import type { Host } from '../support/network-namespaces.ts'
import { TwoSwitchNetwork, whyNoNamespaces } from '../support/network-namespaces.ts'
import { RunningProgram } from '../support/running-program.ts'

/** A cluster on several hosts, each in a network namespace: nodes die, cables are pulled. */

const obstacle = whyNoNamespaces()
if (obstacle !== undefined) process.stderr.write(`skipped: ${obstacle}\n`)

const PIKO = 'dist/main.js'

/** Resolves to every host of the network. */
const NAME = 'piko-nodes'

class HostedNode {
  readonly id: string
  readonly host: Host
  private readonly network: TwoSwitchNetwork
  private program: RunningProgram

  constructor(network: TwoSwitchNetwork, host: Host, join: string) {
    this.network = network
    this.host = host
    this.id = host.address
    this.program = this.start(join)
  }

  async started(): Promise<void> {
    await this.program.line(/"msg":"node started"/)
  }

  /** Resolves when it has logged this of the other node. */
  async says(event: 'joined' | 'unreachable' | 'reachable' | 'expired', of: HostedNode) {
    const id = of.id.replaceAll('.', '\\.')
    await this.program.line(new RegExp(`"msg":"node ${event}","node-id":"${id}"`))
  }

  async kill(): Promise<void> {
    await this.program.stop('SIGKILL')
  }

  /** Starts it again under the same id. */
  async restart(join: string): Promise<void> {
    this.program = this.start(join)
    await this.started()
  }

  /** What `piko status cluster nodes` says on this host. */
  async nodes(): Promise<Record<string, string>> {
    const url = `http://${this.host.address}:8002`
    const status = this.run(['status', 'cluster', 'nodes', '--server.url', url, '--output', 'json'])
    const { stdout } = await status.ended
    const { nodes } = JSON.parse(stdout) as { nodes: { id: string; status: string }[] }
    return Object.fromEntries(nodes.map(({ id, status: word }) => [id, word]))
  }

  private start(join: string): RunningProgram {
    const { address } = this.host
    return this.run([
      'server',
      `--cluster.node-id=${this.id}`,
      `--cluster.join=${join}`,
      // The first to start finds nobody.
      '--cluster.join-timeout=500ms',
      '--cluster.abort-if-join-fails=false',
      `--proxy.bind-addr=${address}:8000`,
      `--upstream.bind-addr=${address}:8001`,
      `--admin.bind-addr=${address}:8002`,
      `--cluster.gossip.bind-addr=${address}:8003`,
      '--grace-period=1s',
    ])
  }

  private run(args: readonly string[]): RunningProgram {
    return new RunningProgram([PIKO, ...args], {}, this.network.runOn(this.host))
  }
}

/** Nodes on hosts at two switches, all in one cluster. */
async function startNodes(left: number, right: number, join?: string) {
  const network = new TwoSwitchNetwork(left, right, NAME)
  onTestFinished(() => network.remove())
  const where = join ?? network.hosts.map(({ address }) => address).join(',')
  const nodes = network.hosts.map((host) => new HostedNode(network, host, where))
  await forPairs(nodes, nodes, async (a, b) => a.says('joined', b))
  return { network, nodes, join: where }
}

/** Runs `action` for each node of `as` and each other one of `bs`. */
async function forPairs(
  as: readonly HostedNode[],
  bs: readonly HostedNode[],
  action: (a: HostedNode, b: HostedNode) => Promise<void>,
): Promise<void> {
  const pairs = as.flatMap((a) => bs.filter((b) => b !== a).map((b) => [a, b] as const))
  await Promise.all(pairs.map(async ([a, b]) => action(a, b)))
}

async function secondsOf(action: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now()
  await action()
  return (performance.now() - startedMs) / 1_000
}

const activeOf = (nodes: readonly HostedNode[]) =>
  Object.fromEntries(nodes.map(({ id }) => [id, 'active']))

test.skipIf(obstacle)(
  'hosts find each other through a name that resolves to all',
  async () => {
    const { nodes } = await startNodes(2, 1, NAME)
    for (const node of nodes) expect(await node.nodes()).toEqual(activeOf(nodes))
  },
  60_000,
)

test.skipIf(obstacle)(
  'a killed node is unreachable within 6 s, and back when it restarts',
  async () => {
    const { nodes, join } = await startNodes(2, 1)
    const [survivor, other, victim] = nodes as [HostedNode, HostedNode, HostedNode]
    const survivors = [survivor, other]
    await victim.kill()
    const seconds = await secondsOf(async () =>
      forPairs(survivors, [victim], async (a, b) => a.says('unreachable', b)),
    )
    expect(seconds).toBeLessThan(6)
    expect(await survivor.nodes()).toMatchObject({ [victim.id]: 'unreachable' })

    await victim.restart(join)
    await forPairs([victim], survivors, async (a, b) => a.says('joined', b))
    await forPairs(survivors, [victim], async (a, b) => a.says('expired', b))
    for (const node of nodes) expect(await node.nodes()).toEqual(activeOf(nodes))
  },
  60_000,
)

test.skipIf(obstacle)(
  'a cluster in two parts is one again within 5 s of being joined',
  async () => {
    const { network, nodes } = await startNodes(2, 3)
    const left = nodes.slice(0, 2)
    const right = nodes.slice(2)
    network.pullCable()
    await forPairs(left, right, async (a, b) => a.says('unreachable', b))
    await forPairs(right, left, async (a, b) => a.says('unreachable', b))
    expect(await (left[0] as HostedNode).nodes()).toMatchObject(activeOf(left))

    network.plugCable()
    const seconds = await secondsOf(async () => {
      await forPairs(left, right, async (a, b) => a.says('reachable', b))
      await forPairs(right, left, async (a, b) => a.says('reachable', b))
    })
    expect(seconds).toBeLessThan(5)
    for (const node of nodes) expect(await node.nodes()).toEqual(activeOf(nodes))
  },
  90_000,
)
