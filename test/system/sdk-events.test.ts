import { once } from 'node:events'
import { expect, test } from 'vitest'
import type { Listener } from '../../src/client/index.ts'
import type { ClusterMember } from '../support/cluster.ts'
import { startBalancer, startCluster } from '../support/cluster.ts'
import { startServer } from '../support/piko.ts'
import type { RunningServer } from '../support/piko.ts'
import { startListener } from '../support/sdk.ts'
import { makeSigningKey, signToken } from '../support/token-keys.ts'

/** What a listener of the SDK says of its tunnels. */

const BACKOFF = { minMs: 10, maxMs: 20 }

/** The names of the events about tunnels, in their order, from now on. */
function eventsOf(listener: Listener): string[] {
  const heard: string[] = []
  for (const event of ['connected', 'reconnecting', 'draining', 'unauthorized'] as const) {
    listener.on(event, () => heard.push(event))
  }
  return heard
}

function urlOf({ port }: { readonly port: number }): string {
  return `http://127.0.0.1:${port}`
}

async function restart(node: RunningServer, flags: readonly string[] = []): Promise<RunningServer> {
  await node.stop()
  const { port } = node.addresses.upstream
  return startServer(['--upstream.bind-addr', `127.0.0.1:${port}`, ...flags])
}

test('a node that leaves is told of though a tunnel to another one stands', async () => {
  const nodes = await startCluster(2, { flags: ['--grace-period', '20s'] })
  const [leaving, staying] = nodes as [ClusterMember, ClusterMember]
  let live = nodes
  const ports = () => live.map(({ addresses }) => addresses.upstream)
  const listener = await startListener(urlOf(await startBalancer(ports)))
  await Promise.all(nodes.map(async ({ log }) => log.logged('upstream connected')))
  const heard = eventsOf(listener)
  live = [staying]
  await leaving.stop()
  expect(heard).toEqual(['draining'])
  expect(staying.log.count('upstream disconnected')).toBe(0)
})

test('a token that is refused later is told of, and the next one opens the tunnel', async () => {
  const keys = [makeSigningKey('HS256'), makeSigningKey('HS256')] as const
  const flags = keys.map(({ verifier }) => ['--upstream.auth.hmac-secret-key', verifier])
  const [old, fresh] = (await Promise.all(keys.map(async (key) => signToken(key)))) as [
    string,
    string,
  ]
  let token = old
  const first = await startServer(flags[0])
  const listener = await startListener(urlOf(first.addresses.upstream), {
    backoff: BACKOFF,
    token: async () => token,
  })
  const refused = once(listener, 'unauthorized')
  await restart(first, flags[1])
  expect((await refused)[0]).toMatchObject({ code: 'unauthorized', status: 401 })
  token = fresh
  await once(listener, 'connected')
})

test('without a token function the listener gives up', async () => {
  const keys = [makeSigningKey('HS256'), makeSigningKey('HS256')] as const
  const flags = keys.map(({ verifier }) => ['--upstream.auth.hmac-secret-key', verifier])
  const first = await startServer(flags[0])
  const listener = await startListener(urlOf(first.addresses.upstream), {
    backoff: BACKOFF,
    token: await signToken(keys[0]),
  })
  const heard = eventsOf(listener)
  const iterated = (async () => {
    for await (const connection of listener) connection.destroy()
  })()
  await Promise.all([
    expect(iterated).rejects.toMatchObject({ code: 'unauthorized' }),
    restart(first, flags[1]),
  ])
  expect(heard.at(-1)).toBe('unauthorized')
})
