import { expect, onTestFinished, test } from 'vitest'
import { formatHostPort } from '../../src/std/host-port.ts'
import { adminPage, knowsEndpoint, startCluster, startMember } from '../support/cluster.ts'
import type { ClusterMember } from '../support/cluster.ts'
import { send } from '../support/http-client.ts'
import { HttpService } from '../support/http-service.ts'
import { startAgent } from '../support/piko.ts'

/** How nodes find each other, and who is not let in. */

const joining = ({ addresses }: ClusterMember): string[] => [
  '--cluster.join',
  formatHostPort(addresses.gossip),
]

const secret = (current: string, ...previous: readonly string[]): string[] => [
  '--cluster.secret',
  current,
  ...(previous.length === 0 ? [] : ['--cluster.previous-secrets', previous.join(',')]),
]

async function nodesSeenBy(node: ClusterMember): Promise<string[]> {
  const { text } = await adminPage(node, '/status/cluster/nodes')
  const nodes = JSON.parse(text) as { id: string; status: string }[]
  return nodes.map(({ id, status }) => `${id} ${status}`).sort()
}

/** Answers of each node to requests for an endpoint of the other: gossip and streams both work. */
async function answersAcross(a: ClusterMember, b: ClusterMember): Promise<string[]> {
  const service = await HttpService.start((_request, response) => void response.end('hello'))
  onTestFinished(async () => service.close())
  const answers: string[] = []
  for (const [owner, edge] of [
    [a, b],
    [b, a],
  ] as const) {
    const endpointId = `at-${owner.id}`
    await startAgent(owner.addresses.upstream, service, { endpointId })
    await knowsEndpoint(edge, owner.id, { endpointId })
    const answer = await send(edge.addresses.proxy, { headers: { 'x-piko-endpoint': endpointId } })
    answers.push(answer.body.toString())
  }
  return answers
}

test('three nodes that join one all know each other', async () => {
  for (const node of await startCluster(3)) {
    expect(await nodesSeenBy(node)).toEqual(['n1 active', 'n2 active', 'n3 active'])
  }
})

test('a name is resolved, and its addresses are joined', async () => {
  const n1 = await startMember('n1')
  const n2 = await startMember('n2', ['--cluster.join', `localhost:${n1.addresses.gossip.port}`])
  await n1.log.logged('node joined')
  expect(await answersAcross(n1, n2)).toEqual(['hello', 'hello'])
})

test('of several join addresses one that answers is enough', async () => {
  const n1 = await startMember('n1')
  const join = ['127.0.0.1:1', 'nowhere.invalid', formatHostPort(n1.addresses.gossip)].join(',')
  const n2 = await startMember('n2', ['--cluster.join', join])
  await n2.log.logged('node told its address', 2)
  expect(await nodesSeenBy(n2)).toEqual(['n1 active', 'n2 active'])
})

test('a node that finds nobody to join does not start', async () => {
  const starting = startMember('n1', [
    '--cluster.join',
    '127.0.0.1:1,127.0.0.1:2',
    '--cluster.join-timeout',
    '200ms',
  ])
  await expect(starting).rejects.toMatchObject({
    code: 'join',
    message:
      'cluster: none of the nodes to join answered within 200ms: 127.0.0.1:1, 127.0.0.1:2; ' +
      'check the addresses and the secret, or set cluster.abort_if_join_fails to false',
  })
})

test('a node that may start alone finds the others when they come', async () => {
  const gone = await startMember('gone')
  const address = formatHostPort(gone.addresses.gossip)
  await gone.stop()
  const early = await startMember('early', [
    '--cluster.join',
    address,
    '--cluster.join-timeout',
    '100ms',
    '--cluster.abort-if-join-fails=false',
  ])
  expect(early.log.count('joined nobody; goes on looking')).toBe(1)
  const late = await startMember('late', ['--cluster.gossip.bind-addr', address])
  await Promise.all([early, late].map(async ({ log }) => log.logged('node joined')))
  expect(await answersAcross(early, late)).toEqual(['hello', 'hello'])
})

test('nodes with one secret are a cluster', async () => {
  const [n1, n2] = await startCluster(2, { flags: secret('s3cret') })
  expect(await answersAcross(n1 as ClusterMember, n2 as ClusterMember)).toEqual(['hello', 'hello'])
})

test.each([
  ['another secret', secret('s3cret'), secret('wrong')],
  ['no secret', secret('s3cret'), []],
  ['a secret where the cluster has none', [], secret('s3cret')],
])('a node with %s is not let in', async (_what, theirs, ours) => {
  const n1 = await startMember('n1', theirs)
  const starting = startMember('n2', [...joining(n1), ...ours, '--cluster.join-timeout', '500ms'])
  await expect(starting).rejects.toMatchObject({ code: 'join' })
  expect(await nodesSeenBy(n1)).toEqual(['n1 active'])
})

test.each([
  ['learns to read the new one', secret('old'), secret('old', 'new')],
  ['writes the new one', secret('old', 'new'), secret('new', 'old')],
  ['forgets the old one', secret('new', 'old'), secret('new')],
])(
  'while the secret is replaced, a node that %s is in one cluster with the rest',
  async (...row) => {
    const [, before, after] = row
    const n1 = await startMember('n1', before)
    const n2 = await startMember('n2', [...joining(n1), ...after])
    await n1.log.logged('node joined')
    expect(await answersAcross(n1, n2)).toEqual(['hello', 'hello'])
  },
)

test('any node answers for any other with ?forward', async () => {
  const [n1, n2] = (await startCluster(2)) as [ClusterMember, ClusterMember]
  for (const [asked, other] of [
    [n1, n2],
    [n2, n1],
  ] as const) {
    const page = await adminPage(asked, `/status/cluster/nodes/local?forward=${other.id}`)
    expect(JSON.parse(page.text)).toMatchObject({ id: other.id, status: 'active' })
    expect((await adminPage(asked, `/ready?forward=${other.id}`)).status).toBe(200)
  }
  expect((await adminPage(n1, '/status/cluster/nodes?forward=n9')).status).toBe(404)
})
