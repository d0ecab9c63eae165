import { onTestFinished } from 'vitest'
import type { RunningServer } from './piko.ts'
import { ENDPOINT, startServer } from './piko.ts'
import { TcpBalancer } from '../../src/cli/tcp-balancer.ts'
import { formatHostPort } from '../../src/std/host-port.ts'
import type { HostPort } from '../../src/std/host-port.ts'
import { RunningProgram } from './running-program.ts'

/** A node of a cluster in this process. */
export interface ClusterMember extends RunningServer {
  readonly id: string
}

export interface ClusterOptions {
  /** Of every node: `['--cluster.secret', 'x']`. */
  readonly flags?: readonly string[]
  /** The settings file of every node. */
  readonly yaml?: string
}

/**
 * Starts `n1`, `n2`, …; resolves when every one knows all of the others. They end with the test.
 */
export async function startCluster(
  count: number,
  { flags = [], yaml = '' }: ClusterOptions = {},
): Promise<ClusterMember[]> {
  const first = await startMember('n1', flags, yaml)
  const join = ['--cluster.join', formatHostPort(first.addresses.gossip)]
  const others = await Promise.all(
    Array.from({ length: count - 1 }, async (_, i) =>
      startMember(`n${i + 2}`, [...join, ...flags], yaml),
    ),
  )
  const all = [first, ...others]
  // Each tells the addresses of its ports last, and has two of them.
  await Promise.all(
    all.map(async ({ log }) => log.logged('node told its address', 2 * (count - 1))),
  )
  return all
}

export async function startMember(
  id: string,
  flags: readonly string[] = [],
  yaml = '',
): Promise<ClusterMember> {
  return { id, ...(await startServer(['--cluster.node-id', id, ...flags], yaml)) }
}

/** A load balancer in front of whatever `ports` gives at the time; it is gone with the test. */
export async function startBalancer(ports: () => readonly HostPort[]): Promise<HostPort> {
  const balancer = new TcpBalancer(ports)
  onTestFinished(async () => balancer.close())
  return balancer.listen({ host: '127.0.0.1', port: 0 }, 'upstream')
}

/** A node in a process of its own, for tests that kill it. */
export interface NodeProcess {
  readonly program: RunningProgram
  readonly upstream: HostPort
  readonly proxy: HostPort
}

/** Starts a node of the built program, at free ports of the loopback address. */
export async function startNodeProcess(
  id: string,
  flags: readonly string[] = [],
): Promise<NodeProcess> {
  const ports = ['proxy', 'upstream', 'admin', 'cluster.gossip']
  const program = new RunningProgram([
    'dist/main.js',
    'server',
    `--cluster.node-id=${id}`,
    '--shutdown.delay=0',
    ...ports.map((port) => `--${port}.bind-addr=127.0.0.1:0`),
    ...flags,
  ])
  const { input: line } = await program.line(/"msg":"node started"/)
  const fields = JSON.parse(line) as Record<string, unknown>
  const at = (name: string) => ({ host: '127.0.0.1', port: Number(fields[`${name}-port`]) })
  return { program, upstream: at('upstream'), proxy: at('proxy') }
}

/** Resolves when `node` knows that the endpoint has so many upstreams on the node `ownerId`. */
export async function knowsEndpoint(
  node: RunningServer,
  ownerId: string,
  { endpointId = ENDPOINT, upstreams = 1 }: { endpointId?: string; upstreams?: number } = {},
): Promise<void> {
  await node.log.entry('endpoint changed', (fields) => {
    return (
      fields['node-id'] === ownerId &&
      fields['endpoint-id'] === endpointId &&
      fields['upstreams'] === upstreams
    )
  })
}

/** A page of the admin port. */
export async function adminPage(
  node: RunningServer,
  path: string,
): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://127.0.0.1:${node.addresses.admin.port}${path}`)
  return { status: response.status, text: await response.text() }
}

/** The value of a metric's first line that begins so; 0 when there is none. */
export async function metricOf(node: RunningServer, line: string): Promise<number> {
  const { text } = await adminPage(node, '/metrics')
  const found = text.split('\n').find((candidate) => candidate.startsWith(line))
  return Number(found?.split(' ').at(-1) ?? 0)
}
