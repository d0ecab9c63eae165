import { expect, onTestFinished, test } from 'vitest'
import type { Host } from '../support/network-namespaces.ts'
import { TwoSwitchNetwork, whyNoNamespaces } from '../support/network-namespaces.ts'
import { RunningProgram } from '../support/running-program.ts'

/** A link that goes down without a word: no FIN, no RST, only silence. */

const obstacle = whyNoNamespaces()
if (obstacle !== undefined) process.stderr.write(`skipped: ${obstacle}\n`)

const PIKO = 'dist/main.js'

function startNode(network: TwoSwitchNetwork, host: Host): RunningProgram {
  const { address } = host
  const ports = ['proxy', 'upstream', 'admin', 'cluster.gossip'].map(
    (port, index) => `--${port}.bind-addr=${address}:${8_000 + index}`,
  )
  return new RunningProgram([PIKO, 'server', ...ports], {}, network.runOn(host))
}

function startAgent(network: TwoSwitchNetwork, host: Host, node: Host): RunningProgram {
  const url = `http://${node.address}:8001`
  const args = [PIKO, 'agent', 'http', 'my-endpoint', '3000', `--connect.url=${url}`]
  return new RunningProgram(args, {}, network.runOn(host))
}

async function secondsUntil(event: Promise<unknown>): Promise<number> {
  const startedMs = performance.now()
  await event
  return (performance.now() - startedMs) / 1_000
}

test.skipIf(obstacle)(
  'a silent upstream is out of rotation within 10 s, and back when the link is',
  async () => {
    const network = new TwoSwitchNetwork(1, 1, 'piko-nodes')
    onTestFinished(() => network.remove())
    const [nodeHost, agentHost] = network.hosts as [Host, Host]
    const node = startNode(network, nodeHost)
    await node.line(/"msg":"node started"/)
    const agent = startAgent(network, agentHost, nodeHost)
    await node.line(/"msg":"upstream connected"/)

    network.pullCable()
    const gone = node.line(/"msg":"upstream disconnected".*"reason":"keep-alive-timeout"/)
    const noticed = agent.line(/"msg":"disconnected".*the peer has gone silent/)
    expect(await secondsUntil(gone)).toBeLessThanOrEqual(10)
    await noticed

    const back = node.nextLine(/"msg":"upstream connected"/)
    network.plugCable()
    await back
  },
  90_000,
)
