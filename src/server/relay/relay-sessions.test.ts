import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { RecordingLogger } from '../../log/recording-logger.ts'
import { listen } from '../../net/listen.ts'
import { MuxRuntime } from '../../net/mux-conn.ts'
import { TcpTransport } from '../../net/tcp-transport.ts'
import type { HostPort } from '../../std/host-port.ts'
import { EndpointRegistry } from '../upstream/endpoint-registry.ts'
import { RelaySessions } from './relay-sessions.ts'

const NODE = { id: 'owner', gossipAddress: 'wherever it listens' }
const PREAMBLE = { endpointId: 'e', tenantId: '', clientAddress: '', kind: 'request' } as const

function relaySessions(to?: HostPort): RelaySessions {
  const sessions = new RelaySessions({
    runtime: new MuxRuntime(),
    logger: new RecordingLogger(),
    registry: new EndpointRegistry(),
    dial: () => new TcpTransport(connect(to as HostPort)),
    failed: () => {},
    budget: { hold: () => true },
    limited: () => {},
  })
  onTestFinished(() => sessions.close())
  return sessions
}

/** The sessions of a node that owns endpoints, and of one that relays to it. */
async function twoNodes(): Promise<{
  owner: RelaySessions
  relay: RelaySessions
  connected: Promise<unknown>
}> {
  const owner = relaySessions()
  const server = createServer((socket) => owner.accept(new TcpTransport(socket)))
  onTestFinished(() => void server.close())
  const at = await listen(server, { host: '127.0.0.1', port: 0 }, 'gossip')
  return { owner, relay: relaySessions(at), connected: once(server, 'connection') }
}

/** Relays a request; resolves with the reason for which it came back. */
async function sendBack(relay: RelaySessions): Promise<string> {
  return new Promise((resolve) => {
    const reset = ({ code }: { code: string }): void => resolve(code)
    const handler = { data() {}, end() {}, drain() {}, reset }
    relay.upstream(NODE, PREAMBLE, () => {}).open(handler)
  })
}

test('a request that is on its way when the owner leaves comes back untouched', async () => {
  const { owner, relay, connected } = await twoNodes()
  relay.upstream(NODE, PREAMBLE, () => {})
  await connected
  const fate = sendBack(relay)
  await owner.drain()
  expect(await fate).toBe('refused')
})

test('so does one that opens a session to an owner that is leaving', async () => {
  const { owner, relay } = await twoNodes()
  await owner.drain()
  expect(await sendBack(relay)).toBe('refused')
  await owner.drain()
})
