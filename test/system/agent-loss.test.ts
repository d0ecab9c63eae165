import { expect, onTestFinished, test } from 'vitest'
import type { ClusterMember } from '../support/cluster.ts'
import { adminPage, knowsEndpoint, startCluster } from '../support/cluster.ts'
import { bodyOf, openRequest, responseTo, send } from '../support/http-client.ts'
import { HttpService } from '../support/http-service.ts'
import type { ServiceListener } from '../support/http-service.ts'
import { ENDPOINT, startAgent } from '../support/piko.ts'
import { RunningProgram } from '../support/running-program.ts'

/** Agents leave or die while requests run, and another one has the same endpoint. */

async function threeNodes(): Promise<[ClusterMember, ClusterMember, ClusterMember]> {
  return (await startCluster(3)) as [ClusterMember, ClusterMember, ClusterMember]
}

async function service(listener: ServiceListener): Promise<HttpService> {
  const started = await HttpService.start(listener)
  onTestFinished(async () => started.close())
  return started
}

/** How many upstreams each node has, as `node` knows it. */
async function countsAt(node: ClusterMember): Promise<Record<string, number>> {
  const { text } = await adminPage(node, '/status/cluster/nodes')
  const nodes = JSON.parse(text) as { id: string; upstreams: number }[]
  return Object.fromEntries(nodes.map(({ id, upstreams }) => [id, upstreams]))
}

test('an agent that leaves is counted out on all nodes within a second, and finishes', async () => {
  const [n1, n2, n3] = await threeNodes()
  let finish = (): void => {}
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  const slow = await service(async (_request, response) => {
    response.write('first ')
    await finished
    response.end('last')
  })
  const quick = await service((_request, response) => void response.end('replica'))
  const flags = ['--grace-period', '20s']
  const leaving = await startAgent(n1.addresses.upstream, slow, { flags })
  await knowsEndpoint(n3, 'n1')
  const responses = await Promise.all(
    [n1, n3].map(async ({ addresses }) => responseTo(openRequest(addresses.proxy).end())),
  )
  await startAgent(n2.addresses.upstream, quick)
  await Promise.all([n1, n3].map(async (node) => knowsEndpoint(node, 'n2')))

  const startedMs = performance.now()
  const stopped = leaving.stop()
  await Promise.all([n2, n3].map(async (node) => knowsEndpoint(node, 'n1', { upstreams: 0 })))
  expect(performance.now() - startedMs).toBeLessThan(1_000)
  const counts = await Promise.all([n1, n2, n3].map(countsAt))
  expect(counts).toEqual([n1, n2, n3].map(() => ({ n1: 0, n2: 1, n3: 0 })))
  for (const { addresses } of [n1, n2, n3]) {
    const { body } = await send(addresses.proxy, { method: 'POST' }, 'order')
    expect(body.toString()).toBe('replica')
  }
  finish()
  const bodies = await Promise.all(responses.map(bodyOf))
  expect(bodies.map(String)).toEqual(['first last', 'first last'])
  await stopped
})

test('what a killed agent has not answered its replica answers, where that is safe', async () => {
  const [n1, n2, n3] = await threeNodes()
  const held: string[] = []
  let holdsAll = (): void => {}
  const allHeld = new Promise<void>((resolve) => {
    holdsAll = resolve
  })
  const silent = await service(({ method = '' }) => {
    if (held.push(method) === 4) holdsAll()
  })
  const url = `http://127.0.0.1:${n1.addresses.upstream.port}`
  const listener = ['http', ENDPOINT, String(silent.port)]
  const agent = new RunningProgram(['dist/main.js', 'agent', ...listener, '--connect.url', url])
  await Promise.all([n2, n3].map(async (node) => knowsEndpoint(node, 'n1')))
  const waiting = [n1, n3].flatMap(({ addresses: { proxy } }) => [
    send(proxy),
    send(proxy, { method: 'POST' }, 'order'),
  ])
  await allHeld
  const replica = await service((_request, response) => void response.end('replica'))
  await startAgent(n2.addresses.upstream, replica)
  await Promise.all([n1, n3].map(async (node) => knowsEndpoint(node, 'n2')))

  const killedMs = performance.now()
  await agent.stop('SIGKILL')
  const answers = await Promise.all(waiting)
  expect(performance.now() - killedMs).toBeLessThan(1_000)
  const texts = answers.map(({ status, body }) => `${status} ${body.toString()}`)
  const expected = ['200 replica', '502 {"error":"upstream unreachable"}\n']
  expect(texts).toEqual([...expected, ...expected])
  expect(replica.requests.map(({ method }) => method)).toEqual(['GET', 'GET'])
})
