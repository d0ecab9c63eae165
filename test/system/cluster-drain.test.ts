import type { IncomingMessage } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { TcpBalancer } from '../../src/cli/tcp-balancer.ts'
import { formatHostPort } from '../../src/std/host-port.ts'
import type { HostPort } from '../../src/std/host-port.ts'
import type { ClusterMember } from '../support/cluster.ts'
import { adminPage, knowsEndpoint, startCluster, startMember } from '../support/cluster.ts'
import { bodyOf, openRequest, responseTo, send } from '../support/http-client.ts'
import { HttpService } from '../support/http-service.ts'
import { dialPort, startAgent } from '../support/piko.ts'

/** Nodes leave and are replaced while requests run, and no request fails. */

const PATIENT = ['--grace-period', '20s']

/** A balancer over what `nodes` holds at the moment. */
async function balancerOf(
  nodes: ReadonlySet<ClusterMember>,
  port: 'proxy' | 'upstream',
): Promise<HostPort> {
  const balancer = new TcpBalancer(() => [...nodes].map(({ addresses }) => addresses[port]))
  onTestFinished(async () => balancer.close())
  return balancer.listen({ host: '127.0.0.1', port: 0 }, port)
}

/** Clients that send one request after another until they are stopped. */
class Clients {
  readonly failures: string[] = []
  answered = 0
  private stopping = false
  private readonly running: Promise<void>[]

  constructor(count: number, to: HostPort) {
    this.running = Array.from({ length: count }, async (_, i) => this.run(to, i))
  }

  async stop(): Promise<void> {
    this.stopping = true
    await Promise.all(this.running)
  }

  private async run(to: HostPort, index: number): Promise<void> {
    const method = index % 2 === 0 ? 'GET' : 'POST'
    while (!this.stopping) {
      try {
        const { status, body } = await send(to, { method }, method === 'POST' ? 'order' : undefined)
        if (status === 200) this.answered += 1
        else this.failures.push(`${method} ${status} ${body.toString()}`)
      } catch (error) {
        this.failures.push(`${method} ${String(error)}`)
      }
    }
  }
}

async function echoService(): Promise<HttpService> {
  const service = await HttpService.start(async (request, response) => {
    response.end(await bodyOf(request))
  })
  onTestFinished(async () => service.close())
  return service
}

test('an agent moves to another node before its own leaves, and no request fails', async () => {
  const nodes = (await startCluster(3, { flags: PATIENT })) as [
    ClusterMember,
    ClusterMember,
    ClusterMember,
  ]
  const [n1, n2, n3] = nodes
  const upstreams = new Set([n1])
  const agent = await startAgent(await balancerOf(upstreams, 'upstream'), await echoService())
  await knowsEndpoint(n3, 'n1')

  const clients = new Clients(4, n3.addresses.proxy)
  upstreams.add(n2).delete(n1)
  await n1.stop()
  await clients.stop()
  expect(clients.failures).toEqual([])
  expect(clients.answered).toBeGreaterThan(0)
  expect(agent.log.count('connected')).toBe(2)
  expect(n1.log.count('grace period is over; cutting what is still under way')).toBe(0)
})

test('what is under way on a leaving node finishes', async () => {
  const [n1, n2] = (await startCluster(2, { flags: PATIENT })) as [ClusterMember, ClusterMember]
  let finish = (): void => {}
  const begun = new Promise<void>((resolve) => {
    finish = resolve
  })
  const service = await HttpService.start(async (_request, response) => {
    response.write('first ')
    await begun
    response.end('last')
  })
  onTestFinished(async () => service.close())
  const upstreams = new Set([n1])
  await startAgent(await balancerOf(upstreams, 'upstream'), service)
  await knowsEndpoint(n2, 'n1')
  // One comes in at the leaving node, one is relayed to it.
  const responses = await Promise.all(
    [n1, n2].map(async ({ addresses }) => responseTo(openRequest(addresses.proxy).end())),
  )
  upstreams.add(n2).delete(n1)
  const stopped = n1.stop()
  await n2.log.logged('upstream connected')
  finish()
  const bodies = await Promise.all(responses.map(bodyOf))
  expect(bodies.map(String)).toEqual(['first last', 'first last'])
  await stopped
})

test('a cluster is replaced node by node, and no request fails', async () => {
  const live = new Set(await startCluster(3, { flags: PATIENT }))
  const service = await echoService()
  const upstream = await balancerOf(live, 'upstream')
  await startAgent(upstream, service)
  await startAgent(upstream, service)
  const [n1, n2, n3] = [...live] as [ClusterMember, ClusterMember, ClusterMember]
  const proxy = await balancerOf(live, 'proxy')
  while ((await send(proxy)).status !== 200);

  const clients = new Clients(4, proxy)
  for (const old of [n1, n2, n3]) {
    live.delete(old)
    await old.stop()
    const [any] = live as unknown as Iterable<ClusterMember>
    const join = ['--cluster.join', formatHostPort((any as ClusterMember).addresses.gossip)]
    const fresh = await startMember(old.id, [...join, ...PATIENT])
    await fresh.log.logged('node joined', 2)
    live.add(fresh)
  }
  await clients.stop()
  expect(clients.failures).toEqual([])
  expect(clients.answered).toBeGreaterThan(10)
})

test('a leaving node serves on until load balancers have noticed, and says so', async () => {
  const flags = ['--grace-period', '1s', '--shutdown.delay', '1h']
  const [n1, n2] = (await startCluster(2, { flags })) as [ClusterMember, ClusterMember]
  const agent = await startAgent(n1.addresses.upstream, await echoService())
  await knowsEndpoint(n2, 'n1')
  const stopped = n1.stop()
  expect((await adminPage(n1, '/ready')).status).toBe(503)
  const { status, headers } = await send(n1.addresses.proxy)
  expect([status, headers.connection]).toEqual([200, 'close'])
  expect(agent.log.count('disconnected')).toBe(0)
  const listener = await dialPort(n1.addresses.upstream)
  listener.send('GET /piko/v1/upstream/e HTTP/1.1\r\nHost: a\r\n')
  listener.send('Connection: upgrade\r\nUpgrade: websocket\r\n\r\n')
  expect((await listener.message()).status).toBe(503)
  await stopped
})

test('what the grace period cuts is counted', async () => {
  const flags = ['--grace-period', '200ms']
  const [n1, n2] = (await startCluster(2, { flags })) as [ClusterMember, ClusterMember]
  const service = await HttpService.start((_request, response) => void response.write('begun'))
  onTestFinished(async () => service.close())
  await startAgent(n1.addresses.upstream, service)
  await knowsEndpoint(n2, 'n1')
  const [here, relayed] = await Promise.all(
    [n1, n2].map(async ({ addresses }) => responseTo(openRequest(addresses.proxy).end())),
  )
  await n1.stop()
  await expect(bodyOf(here as IncomingMessage)).rejects.toThrow('aborted')
  await expect(bodyOf(relayed as IncomingMessage)).rejects.toThrow('aborted')
  const [cut] = n1.log.fieldsOf('grace period is over; cutting what is still under way')
  expect(cut).toEqual({ requests: 1, streams: 2 })
})
