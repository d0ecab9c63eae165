import { expect, onTestFinished, test } from 'vitest'
import type { ClusterMember } from '../support/cluster.ts'
import {
  knowsEndpoint,
  metricOf,
  startCluster,
  startMember,
  startNodeProcess,
} from '../support/cluster.ts'
import { bodyOf, send } from '../support/http-client.ts'
import { HttpService } from '../support/http-service.ts'
import { ENDPOINT, dialPort, startAgent } from '../support/piko.ts'
import { RawService } from '../support/raw-service.ts'
import { formatHostPort } from '../../src/std/host-port.ts'

/** Requests find their way when what a node knows of the others is not true any more. */

async function namedService(name: string): Promise<HttpService> {
  const service = await HttpService.start(async (request, response) => {
    const body = await bodyOf(request)
    response.end(`${name} got ${body.toString()}`)
  })
  onTestFinished(async () => service.close())
  return service
}

async function threeNodes(
  flags: readonly string[] = [],
): Promise<[ClusterMember, ClusterMember, ClusterMember]> {
  return (await startCluster(3, { flags })) as [ClusterMember, ClusterMember, ClusterMember]
}

/** Gossip so seldom that what was true stays believed for a while. */
const SELDOM = ['--cluster.gossip.interval', '3s']

/** Whether `node` was told that an owner has no upstream of an endpoint any more. */
function knewOf(node: ClusterMember, owner: ClusterMember): boolean {
  const changes = node.log.fieldsOf('endpoint changed')
  return changes.some((fields) => fields['node-id'] === owner.id && fields['upstreams'] === 0)
}

test.each(['length', 'chunked'])(
  'an owner without its upstream turns requests down, and the next one takes them: body %s',
  async (framing) => {
    const [n1, n2, n3] = await threeNodes(SELDOM)
    const service = await namedService('service')
    await startAgent(n1.addresses.upstream, service)
    const leaving = await startAgent(n2.addresses.upstream, service)
    await Promise.all([knowsEndpoint(n3, 'n1'), knowsEndpoint(n3, 'n2')])
    await leaving.stop()
    await n2.log.logged('upstream disconnected')

    const headers = framing === 'chunked' ? { 'transfer-encoding': 'chunked' } : {}
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, i) =>
        send(n3.addresses.proxy, { method: 'POST', headers }, `order ${i}`),
      ),
    )
    expect(answers.map(({ status, body }) => `${status} ${body.toString()}`)).toEqual(
      answers.map((_, i) => `200 service got order ${i}`),
    )
    expect(service.requests).toHaveLength(20)
    // Unless gossip was faster, they were sent to the owner that had lost its upstream.
    const asked = await metricOf(n3, 'piko_upstreams_remote_requests_total{node_id="n2"}')
    if (!knewOf(n3, n2)) expect(asked).toBeGreaterThan(0)
  },
)

test('a relayed request is never relayed again', async () => {
  const [n1, n2, n3] = await threeNodes(SELDOM)
  const service = await namedService('service')
  const leaving = await startAgent(n2.addresses.upstream, service)
  await knowsEndpoint(n3, 'n2')
  await startAgent(n1.addresses.upstream, service)
  await knowsEndpoint(n2, 'n1')
  await leaving.stop()
  await n2.log.logged('upstream disconnected')
  await Promise.all(Array.from({ length: 10 }, async () => send(n3.addresses.proxy)))
  expect(await metricOf(n2, 'piko_upstreams_remote_requests_total')).toBe(0)
})

/** Two nodes here, and one in a process of its own; agents of the service at n1 and n2. */
async function withVictim() {
  const [n1, n3] = (await startCluster(2)) as [ClusterMember, ClusterMember]
  const join = `--cluster.join=${formatHostPort(n1.addresses.gossip)}`
  const victim = await startNodeProcess('victim', [join])
  await n3.log.entry('node joined', (fields) => fields['node-id'] === 'victim')
  const service = await namedService('service')
  await startAgent(n1.addresses.upstream, service)
  await startAgent(victim.upstream, service)
  await Promise.all([knowsEndpoint(n3, 'n1'), knowsEndpoint(n3, 'victim')])
  return { n1, n3, join, victim, service }
}

test('a killed node is passed over before anybody knows, and a POST arrives once', async () => {
  const { n3, victim, service } = await withVictim()
  await victim.program.stop('SIGKILL')
  const answers = await Promise.all(
    Array.from({ length: 20 }, async () => send(n3.addresses.proxy, { method: 'POST' }, 'order')),
  )
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
  expect(service.requests).toHaveLength(20)
  expect(n3.log.count('node unreachable')).toBe(0)
  expect(n3.log.count('relay session lost')).toBeGreaterThan(0)
  const retries = await metricOf(n3, 'piko_proxy_retries_total{result="sent"}')
  const logged = n3.log.fieldsOf('request').map(({ request }) => request as { attempts?: number })
  const again = logged.reduce((sum, { attempts = 1 }) => sum + attempts - 1, 0)
  expect(retries).toBeGreaterThan(0)
  expect(again).toBe(retries)
})

test('a killed node is unreachable within six seconds, and comes back under its id', async () => {
  const { n3, join, victim, service } = await withVictim()
  // A session to it is open when it dies.
  await Promise.all(Array.from({ length: 20 }, async () => send(n3.addresses.proxy)))
  const killedMs = performance.now()
  await victim.program.stop('SIGKILL')
  await n3.log.logged('node unreachable')
  expect(performance.now() - killedMs).toBeLessThan(6_000)

  const again = await startNodeProcess('victim', [join])
  await n3.log.entry('node expired', (fields) => fields['node-id'] === 'victim')
  await n3.log.logged('node joined', 3)
  await startAgent(again.upstream, service, { endpointId: 'new' })
  await knowsEndpoint(n3, 'victim', { endpointId: 'new' })
  const { status } = await send(n3.addresses.proxy, { headers: { 'x-piko-endpoint': 'new' } })
  expect(status).toBe(200)
})

test('a request for an endpoint that just vanished waits until it is back', async () => {
  const [n1, n2, n3] = await threeNodes()
  const service = await namedService('service')
  const first = await startAgent(n1.addresses.upstream, service)
  await knowsEndpoint(n3, 'n1')
  await first.stop()
  await knowsEndpoint(n3, 'n1', { upstreams: 0 })
  const waiting = send(n3.addresses.proxy, { method: 'POST' }, 'patience')
  await startAgent(n2.addresses.upstream, service)
  expect((await waiting).body.toString()).toBe('service got patience')
})

test('a request for an endpoint that stays away fails within about two seconds', async () => {
  const [n1, , n3] = await threeNodes()
  const service = await namedService('service')
  const only = await startAgent(n1.addresses.upstream, service)
  await knowsEndpoint(n3, 'n1')
  await only.stop()
  await knowsEndpoint(n3, 'n1', { upstreams: 0 })
  const startedMs = performance.now()
  const answers = await Promise.all([send(n3.addresses.proxy), send(n1.addresses.proxy)])
  expect(answers.map(({ status }) => status)).toEqual([502, 502])
  const tookMs = performance.now() - startedMs
  expect(tookMs).toBeGreaterThan(1_000)
  expect(tookMs).toBeLessThan(5_000)
})

test('without a hold, a request for an endpoint that just vanished fails at once', async () => {
  const [n1, , n3] = await threeNodes(['--proxy.hold', '0'])
  const only = await startAgent(n1.addresses.upstream, await namedService('service'))
  await knowsEndpoint(n3, 'n1')
  await only.stop()
  await knowsEndpoint(n3, 'n1', { upstreams: 0 })
  const startedMs = performance.now()
  expect((await send(n3.addresses.proxy)).status).toBe(502)
  expect(performance.now() - startedMs).toBeLessThan(1_000)
})

test('a request for an endpoint that nobody ever served fails at once', async () => {
  const [, n2] = await threeNodes()
  const { status, body } = await send(n2.addresses.proxy)
  expect([status, body.toString()]).toEqual([502, '{"error":"no available upstreams"}\n'])
})

test('a node that restarts under its id replaces its old state at once', async () => {
  const [n1, n2, n3] = await threeNodes()
  const service = await namedService('service')
  await startAgent(n2.addresses.upstream, service, { endpointId: 'old' })
  await knowsEndpoint(n1, 'n2', { endpointId: 'old' })
  await n2.stop()
  await Promise.all([n1, n3].map(async ({ log }) => log.logged('node left')))

  const again = await startMember('n2', ['--cluster.join', formatHostPort(n1.addresses.gossip)])
  await startAgent(again.addresses.upstream, service)
  await Promise.all([knowsEndpoint(n1, 'n2'), knowsEndpoint(n3, 'n2')])
  for (const { addresses } of [n1, n3]) {
    expect((await send(addresses.proxy)).status).toBe(200)
    const stale = await send(addresses.proxy, { headers: { 'x-piko-endpoint': 'old' } })
    expect(stale.status).toBe(502)
  }
})

/** A port where nobody listens. */
async function deadService(): Promise<{ port: number }> {
  const service = await HttpService.start(() => {})
  await service.close()
  return { port: service.port }
}

const DECLINED = 'piko_upstreams_declined_total'

test.each<[string, 0 | 2, 0, 0 | 1]>([
  ['this node', 0, 0, 0],
  ['another node', 2, 0, 0],
  ['this node, with its sibling on another', 0, 0, 1],
  ['another node, with its sibling on a third', 2, 0, 1],
])(
  'an upstream that cannot reach its service leaves the rotation: %s',
  async (_name, edge, sick, sound) => {
    const nodes = await threeNodes()
    const service = await namedService('service')
    await startAgent(nodes[sick].addresses.upstream, await deadService())
    await startAgent(nodes[sound].addresses.upstream, service)
    const total = { upstreams: sick === sound ? 2 : 1 }
    await nodes[sick].log.logged('upstream connected', total.upstreams)
    if (edge !== sick) await knowsEndpoint(nodes[edge], nodes[sick].id, total)
    if (edge !== sound) await knowsEndpoint(nodes[edge], nodes[sound].id, total)
    const orders = Array.from({ length: 40 }, (_, i) => `order ${i}`)
    const answers: string[] = []
    for (const order of orders) {
      const { status, body } = await send(nodes[edge].addresses.proxy, { method: 'POST' }, order)
      answers.push(`${status} ${body.toString()}`)
    }
    expect(answers).toEqual(orders.map((order) => `200 service got ${order}`))
    expect(service.requests).toHaveLength(orders.length)
    expect(await metricOf(nodes[sick], DECLINED)).toBeLessThan(5)
  },
)

test('the last upstream is tried, whatever it did before, and each request once', async () => {
  const [n1, n2] = await threeNodes()
  const { port } = await deadService()
  await startAgent(n1.addresses.upstream, { port })
  await knowsEndpoint(n2, 'n1')
  const startedMs = performance.now()
  for (const node of [n1, n2, n1, n2]) {
    const { status, body } = await send(node.addresses.proxy, { method: 'POST' }, 'order')
    expect([status, body.toString()]).toEqual([502, '{"error":"upstream unreachable"}\n'])
  }
  expect(await metricOf(n1, DECLINED)).toBe(4)
  expect(performance.now() - startedMs).toBeLessThan(1_500)
  const again = await HttpService.start((_request, response) => void response.end(), port)
  onTestFinished(async () => again.close())
  expect((await send(n2.addresses.proxy)).status).toBe(200)
})

test('an upstream that may have acted on a POST is not asked twice', async () => {
  const [n1, n2, n3] = await threeNodes()
  const service = await RawService.start()
  onTestFinished(async () => service.close())
  await startAgent(n1.addresses.upstream, service)
  await startAgent(n2.addresses.upstream, service)
  await Promise.all([knowsEndpoint(n3, 'n1'), knowsEndpoint(n3, 'n2')])
  const client = await dialPort(n3.addresses.proxy)
  const fields = `Host: a\r\nx-piko-endpoint: ${ENDPOINT}\r\nContent-Length: 2`
  const head = `POST / HTTP/1.1\r\n${fields}\r\n\r\n`
  client.send(`${head}hi`)
  const peer = await service.connection()
  await peer.until('hi')
  peer.reset()
  expect((await client.message()).status).toBe(502)
  expect(service.accepted).toBe(1)
})
