import { expect, onTestFinished, test } from 'vitest'
import { formatHostPort } from '../../src/std/host-port.ts'
import type { ClusterMember } from '../support/cluster.ts'
import {
  adminPage,
  knowsEndpoint,
  startBalancer,
  startCluster,
  startMember,
  startNodeProcess,
} from '../support/cluster.ts'
import { send } from '../support/http-client.ts'
import { HttpService } from '../support/http-service.ts'
import { ENDPOINT, startAgent, startServer } from '../support/piko.ts'

/** A listener holds tunnels to different nodes, so that the death of a node is not noticed. */

const TWO = ['--connect.connections', '2']
const PATIENT = ['--grace-period', '20s']

async function service(): Promise<HttpService> {
  const started = await HttpService.start((_request, response) => void response.end('here'))
  onTestFinished(async () => started.close())
  return started
}

async function countAt(node: ClusterMember): Promise<number> {
  const { text } = await adminPage(node, '/status/upstream/endpoints')
  return (JSON.parse(text) as Record<string, number>)[ENDPOINT] ?? 0
}

test('two tunnels lead to different nodes, and a node that leaves hands its own on', async () => {
  const nodes = (await startCluster(3, { flags: PATIENT })) as [
    ClusterMember,
    ClusterMember,
    ClusterMember,
  ]
  const live = new Set(nodes)
  const upstream = await startBalancer(() => [...live].map(({ addresses }) => addresses.upstream))
  const agent = await startAgent(upstream, await service(), { flags: TWO })
  await agent.log.logged('connected', 2)
  const counts = await Promise.all(nodes.map(countAt))
  expect(counts.toSorted((a, b) => a - b)).toEqual([0, 1, 1])

  const leaving = nodes[counts.indexOf(1)] as ClusterMember
  live.delete(leaving)
  const stopped = leaving.stop()
  await agent.log.logged('connected', 3)
  await stopped
  expect(await Promise.all([...live].map(countAt))).toEqual([1, 1])
})

test('a listener of a single node gets its second tunnel when another node comes', async () => {
  const n1 = await startMember('n1', PATIENT)
  const live = new Set([n1])
  const upstream = await startBalancer(() => [...live].map(({ addresses }) => addresses.upstream))
  const agent = await startAgent(upstream, await service(), { flags: TWO })
  await agent.log.logged('connected')
  const join = `--cluster.join=${formatHostPort(n1.addresses.gossip)}`
  const n2 = await startMember('n2', [join, ...PATIENT])
  live.add(n2)
  const arrived = n2.log.logged('upstream connected')
  const state = { arrived: false }
  void arrived.then(() => (state.arrived = true))
  while (!state.arrived) {
    expect((await send(n1.addresses.proxy, { method: 'POST' }, 'x')).status).toBe(200)
  }
  await knowsEndpoint(n2, 'n1')
  await n1.log.logged('upstream disconnected')
  await agent.log.logged('connected', 3)
  expect(await Promise.all([n1, n2].map(countAt))).toEqual([1, 1])
})

test('where there is a single node, one tunnel is enough', async () => {
  const node = await startServer()
  const agent = await startAgent(node.addresses.upstream, await service(), { flags: TWO })
  await node.log.logged('upstream connected')
  expect((await send(node.addresses.proxy)).status).toBe(200)
  expect(agent.log.count('connected')).toBe(1)
})

test('the death of a node with a tunnel costs no request that comes afterwards', async () => {
  const [n1, n3] = (await startCluster(2)) as [ClusterMember, ClusterMember]
  const join = `--cluster.join=${formatHostPort(n1.addresses.gossip)}`
  const victim = await startNodeProcess('victim', [join])
  await n3.log.entry('node joined', (fields) => fields['node-id'] === 'victim')
  const ports = [n1.addresses.upstream, victim.upstream]
  const agent = await startAgent(await startBalancer(() => ports), await service(), { flags: TWO })
  await agent.log.logged('connected', 2)
  await Promise.all([knowsEndpoint(n3, 'n1'), knowsEndpoint(n3, 'victim')])
  await send(n3.addresses.proxy)

  await victim.program.stop('SIGKILL')
  for (let i = 0; i < 50; i++) {
    expect((await send(n3.addresses.proxy, { method: 'POST' }, 'x')).status).toBe(200)
    // Without a second tunnel it would have waited for the agent to dial again.
    if (i === 0) expect(agent.log.count('connected')).toBe(2)
  }
})
