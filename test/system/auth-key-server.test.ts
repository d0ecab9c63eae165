import { expect, onTestFinished, test } from 'vitest'
import { knowsEndpoint, metricOf, startCluster } from '../support/cluster.ts'
import type { ClusterMember } from '../support/cluster.ts'
import { HttpService } from '../support/http-service.ts'
import { KeyServer } from '../support/key-server.ts'
import { knock } from '../support/knock.ts'
import { ENDPOINT, startAgent } from '../support/piko.ts'
import { makeSigningKey, secondsFromNow, signToken } from '../support/token-keys.ts'

/** Nodes whose keys come from a server that rotates them, fails and lies. */

const keys = { a: makeSigningKey('ES256'), b: makeSigningKey('RS256'), c: makeSigningKey('ES384') }
type KeyId = keyof typeof keys

async function tokenOf(id: KeyId): Promise<string> {
  return signToken(keys[id], { exp: secondsFromNow(300), jti: crypto.randomUUID() }, id)
}

/** What a new token of the key gets at each port, and through the other node. */
async function statusesOf([owner, other]: readonly ClusterMember[], id: KeyId) {
  const fields = { authorization: `Bearer ${await tokenOf(id)}`, 'x-piko-endpoint': ENDPOINT }
  const register = { fields, upgrade: true, path: '/piko/v1/upstream/another' }
  const status = { fields, path: '/status/upstream/endpoints' }
  const answers = [
    await knock(owner!.addresses.proxy, { fields }),
    await knock(other!.addresses.proxy, { fields }),
    await knock(owner!.addresses.upstream, register),
    await knock(owner!.addresses.admin, status),
  ]
  return answers.map((answer) => answer.status)
}

const IN = [200, 200, 101, 200]
const all = (status: number) => IN.map(() => status)

/** Two nodes that ask `server` every moment, and a service behind the first. */
async function cluster(server: KeyServer): Promise<readonly ClusterMember[]> {
  const flags = ['proxy', 'upstream', 'admin'].flatMap((port) => [
    `--${port}.auth.jwks.endpoint=${server.url.href}`,
    `--${port}.auth.jwks.cache-ttl=50ms`,
  ])
  const nodes = await startCluster(2, { flags: [...flags, '--admin.open-metrics=true'] })
  const [owner, other] = nodes as [ClusterMember, ClusterMember]
  const service = await HttpService.start((_request, response) => void response.end())
  onTestFinished(async () => service.close())
  await startAgent(owner.addresses.upstream, service, {
    flags: ['--connect.token', await tokenOf('a')],
  })
  await knowsEndpoint(other, owner.id)
  return nodes
}

/** Resolves when every node has tried to load the keys again since, and how that went. */
async function tried(nodes: readonly ClusterMember[], result: 'loaded' | 'failed'): Promise<void> {
  const metric = `piko_auth_key_set_loads_total{result="${result}"}`
  for (const node of nodes) {
    const before = await metricOf(node, metric)
    // The first may have been under way.
    await expect.poll(async () => metricOf(node, metric)).toBeGreaterThan(before + 1)
  }
}

test('keys rotate under nodes, and no port lets in whom the last set does not', async () => {
  const server = await KeyServer.start()
  server.serve({ a: keys.a })
  const nodes = await cluster(server)
  expect(await statusesOf(nodes, 'a')).toEqual(IN)
  server.serve({ a: keys.a, b: keys.b })
  await tried(nodes, 'loaded')
  expect(await statusesOf(nodes, 'a')).toEqual(IN)
  expect(await statusesOf(nodes, 'b')).toEqual(IN)
  server.serve({ b: keys.b })
  await tried(nodes, 'loaded')
  expect(await statusesOf(nodes, 'a')).toEqual(all(401))
  expect(await statusesOf(nodes, 'b')).toEqual(IN)
})

test.each([
  ['fails', 503, ''],
  ['lies', 200, '<html>sign in</html>'],
  ['has lost its keys', 200, '{"keys":[]}'],
])('while the server %s the last keys stay, and nobody else is let in', async (_how, ...said) => {
  const [status, body] = said
  const server = await KeyServer.start()
  server.serve({ a: keys.a })
  const nodes = await cluster(server)
  server.say(body, status)
  await tried(nodes, 'failed')
  expect(await statusesOf(nodes, 'a')).toEqual(IN)
  // Nobody can tell whether it is good: agents try again after a 500, and give up after a 401.
  expect(await statusesOf(nodes, 'b')).toEqual(all(500))
  server.serve({ a: keys.a, b: keys.b })
  await tried(nodes, 'loaded')
  expect(await statusesOf(nodes, 'b')).toEqual(IN)
  expect(await statusesOf(nodes, 'c')).toEqual(all(401))
})
