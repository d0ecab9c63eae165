import { formatHostPort } from '../std/host-port.ts'
import { defineCommand } from './command.ts'
import { ExitCode } from './exit-code.ts'
import { stopSignal } from './stop-signal.ts'
import { TestCluster } from './test-cluster.ts'
import type { BalancedAddresses } from './test-cluster.ts'
import { testClusterConfig } from './test-cluster-config.ts'

export const testClusterCommand = defineCommand({
  words: ['test', 'cluster'],
  arguments: '',
  summary: 'Run a whole cluster on this machine, to try things',
  description:
    'Starts several nodes, each a process of its own at free ports, and a balancer in front\n' +
    'of them at the usual ports: every connection goes to the next node that is ready. Agents,\n' +
    'clients and status commands use it like one node, and whatever they do works through any.\n' +
    'Kill a node (its process id is shown) to see the others go on. Ctrl-C ends all of them.',
  examples: [
    'piko test cluster',
    'piko agent http my-endpoint 3000              # in another terminal, as with one node',
    'piko status cluster nodes --output table',
    'piko test cluster --nodes 5 --verbose',
    'piko test cluster --proxy.bind-addr 127.0.0.1:9000',
  ],
  root: testClusterConfig,
  async run({ config, context }) {
    const stopping = stopSignal(['SIGINT', 'SIGTERM', 'SIGHUP'])
    const say = (line: string): void => context.print(`${line}\n`)
    const cluster = new TestCluster(config, thisProgram(), say)
    try {
      const started = cluster.start().then((addresses) => say(invitation(config.nodes, addresses)))
      const end = await Promise.race([stopping, started.then(async () => cluster.failed)])
      if (end instanceof Error) throw end
      say('Stopping.')
      return ExitCode.ok
    } finally {
      await cluster.shutdown()
    }
  },
})

/** The same program as this one, whichever way it was started. */
function thisProgram(): readonly [string, ...string[]] {
  return [process.execPath, ...process.execArgv, process.argv[1] as string]
}

function invitation(nodeCount: number, addresses: BalancedAddresses): string {
  const rows = Object.entries(addresses).map(([name, address]) => {
    return `  ${name.padEnd(10)}http://${formatHostPort(address)}`
  })
  const nodes = nodeCount === 1 ? 'A cluster of one node' : `A cluster of ${nodeCount} nodes`
  return ['', `${nodes} behind one balancer:`, ...rows, '', 'Ctrl-C ends the cluster.', ''].join(
    '\n',
  )
}
