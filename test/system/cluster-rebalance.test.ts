import { expect, onTestFinished, test } from 'vitest'
import { TcpBalancer } from '../../src/cli/tcp-balancer.ts'
import { formatHostPort } from '../../src/std/host-port.ts'
import type { HostPort } from '../../src/std/host-port.ts'
import type { ClusterMember } from '../support/cluster.ts'
import { metricOf, startCluster, startMember } from '../support/cluster.ts'
import { send } from '../support/http-client.ts'
import { ManyTunnels } from '../support/tunnels.ts'

/** Many tunnels leave a node and come back to it, little by little, and no request fails. */

const TUNNELS = 300
const ENDPOINTS = 20

const FLAGS = [
  '--grace-period=20s',
  '--upstream.rebalance.threshold=0.2',
  '--upstream.rebalance.shed-rate=0.2',
]

async function upstreamBalancer(nodes: ReadonlySet<ClusterMember>): Promise<HostPort> {
  const balancer = new TcpBalancer(() => [...nodes].map(({ addresses }) => addresses.upstream))
  onTestFinished(async () => balancer.close())
  return balancer.listen({ host: '127.0.0.1', port: 0 }, 'upstream')
}

async function countOf(node: ClusterMember): Promise<number> {
  return metricOf(node, 'piko_upstreams_connected_upstreams')
}

/** Sends requests to all endpoints, one after another, until it is stopped; counts what failed. */
function requests(to: HostPort): { stop(): Promise<{ failed: number; answered: number }> } {
  const counts = { failed: 0, answered: 0 }
  const state = { running: true }
  const loop = async (): Promise<void> => {
    for (let i = 0; state.running; i++) {
      const headers = { 'x-piko-endpoint': `e${i % ENDPOINTS}` }
      const { status } = await send(to, { headers }).catch(() => ({ status: 0 }))
      if (status === 200) counts.answered += 1
      else counts.failed += 1
    }
  }
  const done = loop()
  return {
    async stop() {
      state.running = false
      await done
      return counts
    },
  }
}

test('tunnels of a leaving node spread without a burst, and come back', async () => {
  const [n1, n2, n3] = (await startCluster(3, { flags: FLAGS })) as [
    ClusterMember,
    ClusterMember,
    ClusterMember,
  ]
  const live = new Set([n1, n2, n3])
  const tunnels = await ManyTunnels.open(await upstreamBalancer(live), TUNNELS, ENDPOINTS)
  const clients = requests(n2.addresses.proxy)

  live.delete(n1)
  const drainedMs = performance.now()
  await n1.stop()
  // One that moves from one to the other is on both for a moment.
  const others = async (): Promise<number[]> => Promise.all([n2, n3].map(countOf))
  await expect.poll(async () => (await others()).reduce((sum, on) => sum + on)).toBe(TUNNELS)
  const [on2 = 0, on3 = 0] = await others()
  expect(Math.abs(on2 - on3)).toBeLessThan(TUNNELS * 0.2)
  // 200 a second are asked to leave; what the clock of this machine makes of it is coarser.
  expect(tunnels.mostWithin(100, drainedMs)).toBeLessThan(60)

  const join = ['--cluster.join', formatHostPort(n2.addresses.gossip)]
  const again = await startMember('n1', [...join, ...FLAGS])
  live.add(again)
  const share = Math.floor((TUNNELS / 3) * 0.6)
  await again.log.logged('upstream connected', share)
  const most = (TUNNELS / 3) * 1.25
  while ((await countOf(n2)) > most || (await countOf(n3)) > most);
  const { failed, answered } = await clients.stop()
  expect(failed).toBe(0)
  expect(answered).toBeGreaterThan(100)
})
