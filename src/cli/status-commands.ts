import type { Section } from '../config/section.ts'
import { section } from '../config/section.ts'
import { defineCommand } from './command.ts'
import type { Command, Invocation } from './command.ts'
import { ExitCode } from './exit-code.ts'
import { askStatus } from './status-client.ts'
import { endpointDetail, nodeFilter, statusConfig } from './status-config.ts'
import {
  clusterNodeDocument,
  clusterNodesDocument,
  endpointsDocument,
  gossipNodeDocument,
  gossipNodesDocument,
  upstreamsDocument,
} from './status-documents.ts'
import type {
  ClusterNodeDetail,
  ClusterNodeSummary,
  EndpointCounts,
  EndpointUpstreams,
  GossipNodeDetail,
  GossipNodeStatus,
} from './status-documents.ts'
import { renderStatus } from './status-output.ts'
import type { StatusDocument } from './status-output.ts'

const NO_FLAGS = section({})

interface StatusCommandOptions<Own extends Section> {
  /** Behind `piko status`. */
  readonly words: readonly [string, string]
  /** Other words for the same. */
  readonly alias?: readonly [string, string]
  readonly arguments: string
  readonly summary: string
  readonly description: string
  readonly examples: readonly string[]
  readonly own: Own
  readonly ask: (invocation: Invocation<typeof statusConfig, Own>) => Promise<StatusDocument>
}

/** Each is called as `piko status …`, and as `piko server status …` as ever. */
function statusCommand<Own extends Section>(options: StatusCommandOptions<Own>): Command {
  const { ask, alias, words, ...texts } = options
  const spellings = alias === undefined ? [words] : [words, alias]
  const [primary, ...aliases] = [['status'], ['server', 'status']].flatMap((group) =>
    spellings.map((spelling) => group.concat(spelling)),
  )
  return defineCommand({
    ...texts,
    words: primary as readonly string[],
    aliases,
    root: statusConfig,
    async run(invocation) {
      const document = await ask(invocation)
      invocation.context.print(renderStatus(document, invocation.config.output))
      return ExitCode.ok
    },
  })
}

const clusterNodes = statusCommand({
  words: ['cluster', 'nodes'],
  arguments: '',
  summary: 'Show the nodes of the cluster',
  description:
    'Shows every node that the asked node knows, with how many endpoints and upstreams it has.\n' +
    'A node that does not answer is unreachable; one that said goodbye has left. Both are\n' +
    'forgotten a minute later.',
  examples: [
    'piko status cluster nodes --output table',
    'piko status cluster nodes --status unreachable',
    'piko status cluster nodes --server.url http://10.0.0.1:8002 --forward n2',
  ],
  own: nodeFilter,
  async ask({ config, own }) {
    const nodes = await askStatus(config, { what: 'cluster nodes', path: 'cluster/nodes' })
    return clusterNodesDocument(nodes as ClusterNodeSummary[], own.status)
  },
})

const clusterNode = statusCommand({
  words: ['cluster', 'node'],
  arguments: '<id|local>',
  summary: 'Show a node and the endpoints that it serves',
  description:
    'Shows a node as the asked one knows it, with the number of upstreams of each endpoint.\n' +
    '"local" is the node that is asked.',
  examples: ['piko status cluster node local', 'piko status cluster node n2 --output json'],
  own: NO_FLAGS,
  async ask({ config, positionals }) {
    const id = positionals[0] as string
    const node = await askStatus(config, {
      what: 'cluster node',
      path: `cluster/nodes/${encodeURIComponent(id)}`,
      notFound: `no node ${JSON.stringify(id)} is known`,
    })
    return clusterNodeDocument(node as ClusterNodeDetail)
  },
})

const gossipNodes = statusCommand({
  words: ['gossip', 'nodes'],
  arguments: '',
  summary: 'Show what gossip knows of the nodes',
  description: 'Shows every node with its gossip address and how much of its state is known.',
  examples: ['piko status gossip nodes --output table'],
  own: NO_FLAGS,
  async ask({ config }) {
    const nodes = await askStatus(config, { what: 'gossip nodes', path: 'gossip/nodes' })
    return gossipNodesDocument(nodes as GossipNodeStatus[])
  },
})

const gossipNode = statusCommand({
  words: ['gossip', 'node'],
  arguments: '<id>',
  summary: 'Show everything that a node has told by gossip',
  description: 'Shows the entries of one node as the asked node knows them, deleted ones included.',
  examples: ['piko status gossip node n2', 'piko status gossip node n2 --forward n3'],
  own: NO_FLAGS,
  async ask({ config, positionals }) {
    const id = positionals[0] as string
    const node = await askStatus(config, {
      what: 'gossip node',
      path: `gossip/nodes/${encodeURIComponent(id)}`,
      notFound: `no node ${JSON.stringify(id)} is known`,
    })
    return gossipNodeDocument(node as GossipNodeDetail)
  },
})

const upstreamEndpoints = statusCommand({
  words: ['upstream', 'endpoints'],
  alias: ['proxy', 'endpoints'],
  arguments: '',
  summary: 'Show the endpoints of a node and their upstreams',
  description:
    'Shows the endpoints with upstreams connected to the asked node, and how many each has.\n' +
    'Upstreams of other nodes are theirs to show: ask them with --forward.',
  examples: [
    'piko status upstream endpoints',
    'piko status upstream endpoints --verbose --output table',
    'piko status upstream endpoints --forward n2',
  ],
  own: endpointDetail,
  async ask({ config, own }) {
    const question = { what: 'upstream endpoints', path: 'upstream/endpoints' }
    if (!own.verbose) {
      return endpointsDocument((await askStatus(config, question)) as EndpointCounts)
    }
    const path = `${question.path}?verbose`
    return upstreamsDocument((await askStatus(config, { ...question, path })) as EndpointUpstreams)
  },
})

export const STATUS_COMMANDS: readonly Command[] = [
  clusterNodes,
  clusterNode,
  gossipNodes,
  gossipNode,
  upstreamEndpoints,
]
