import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket, WebSocketServer, createWebSocketStream } from 'ws'
import { run } from '../../src/cli/run.ts'
import { dial } from '../../src/client/dial.ts'
import { listen } from '../../src/client/listen.ts'
import type { ClientTlsOptions } from '../../src/net/client-tls.ts'
import type { HostPort } from '../../src/std/host-port.ts'
import { knowsEndpoint, startCluster, startMember } from '../support/cluster.ts'
import type { ClusterMember } from '../support/cluster.ts'
import { send } from '../support/http-client.ts'
import { HttpService } from '../support/http-service.ts'
import { dialPort, ENDPOINT, startAgent, startTcpAgent } from '../support/piko.ts'
import { startForward } from '../support/tcp.ts'
import { TlsSetup } from '../support/tls-setup.ts'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** Answers what it was sent, and the scheme that the client used. */
async function echoService(): Promise<HttpService> {
  const service = await HttpService.start(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    response.writeHead(200, { 'x-seen-proto': String(request.headers['x-forwarded-proto']) })
    response.end(Buffer.concat(pieces))
  })
  new WebSocketServer({ server: service.server }).on('connection', (client) => {
    client.on('message', (message, isBinary) => client.send(message, { binary: isBinary }))
  })
  onTestFinished(async () => service.close())
  return service
}

/** The same for bare connections. */
async function echoTcpService(): Promise<{ port: number }> {
  const server = createServer((socket) => socket.on('error', () => {}).pipe(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { port: (server.address() as AddressInfo).port }
}

/** Two nodes, and what `register` puts behind the first. */
async function start(
  setup: TlsSetup,
  register: (upstream: HostPort, setup: TlsSetup) => Promise<unknown> = registerEcho,
): Promise<readonly ClusterMember[]> {
  const nodes = await startCluster(2, { flags: setup.serverFlags })
  const [owner, other] = nodes as [ClusterMember, ClusterMember]
  await register(owner.addresses.upstream, setup)
  await knowsEndpoint(other, owner.id)
  return nodes
}

async function registerEcho(upstream: HostPort, setup: TlsSetup): Promise<void> {
  await startAgent(upstream, await echoService(), { flags: setup.connectFlags(upstream) })
}

async function registerTcpEcho(upstream: HostPort, setup: TlsSetup): Promise<void> {
  await startTcpAgent(upstream, await echoTcpService(), { flags: setup.connectFlags(upstream) })
}

/** What the SDK is told of a port: its URL, and whom to trust. */
function sdkOptions({ port }: HostPort, { scheme, connectOptions: tls }: TlsSetup) {
  return {
    url: `${scheme}://127.0.0.1:${port}`,
    ...(tls && { tls: { rootCas: tls.ca, cert: tls.cert, key: tls.key } as ClientTlsOptions }),
  }
}

/** A program that listens itself, and echoes. */
async function registerSdk(upstream: HostPort, setup: TlsSetup): Promise<void> {
  const listener = await listen(ENDPOINT, sdkOptions(upstream, setup))
  onTestFinished(() => listener.shutdown())
  listener.on('connection', (connection) => connection.on('error', () => {}).pipe(connection))
}

/** A WebSocket of a client, at the proxy port. */
function openWebSocket({ port }: HostPort, setup: TlsSetup, path: string): WebSocket {
  const scheme = setup.mode === 'plain' ? 'ws' : 'wss'
  const socket = new WebSocket(`${scheme}://127.0.0.1:${port}${path}`, {
    ...setup.connectOptions,
    headers: { 'x-piko-endpoint': ENDPOINT },
  })
  onTestFinished(() => socket.terminate())
  return socket
}

/** The ways to a TCP endpoint: the route itself, the SDK, and a port of forward. */
const TCP_CLIENTS = {
  route: async (proxy: HostPort, setup: TlsSetup) =>
    createWebSocketStream(openWebSocket(proxy, setup, `/_piko/v1/tcp/${ENDPOINT}`)),
  sdk: async (proxy: HostPort, setup: TlsSetup) => dial(ENDPOINT, sdkOptions(proxy, setup)),
  forward: async (proxy: HostPort, setup: TlsSetup) => {
    const { address } = await startForward(proxy, { flags: setup.connectFlags(proxy) })
    return (await dialPort(address)).socket
  },
}

/** What comes back, in the same number of bytes. */
async function echoedBytes(connection: Duplex, bytes: Buffer): Promise<Buffer> {
  onTestFinished(() => void connection.destroy())
  connection.write(bytes)
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of connection) {
    pieces.push(piece as Buffer)
    length += (piece as Buffer).length
    if (length >= bytes.length) break
  }
  return Buffer.concat(pieces)
}

/** `piko status …`, asked of a node. */
async function status(node: ClusterMember, setup: TlsSetup, words: string) {
  let stdout = ''
  let stderr = ''
  const url = `${setup.scheme}://127.0.0.1:${node.addresses.admin.port}`
  const flags = ['--server.url', url, ...setup.clientFlags('--tls')]
  const code = await run(['status', ...words.split(' '), ...flags], {
    env: {},
    print: (text) => void (stdout += text),
    warn: (text) => void (stderr += text),
  })
  return { code, stdout, stderr }
}

describe.each(['plain', 'TLS', 'mTLS'] as const)('with %s on every port', (mode) => {
  const setup = new TlsSetup(mode)

  test('requests go through whole, on the node of the upstream and relayed', async () => {
    const body = randomBytes(1_000_000)
    for (const { addresses } of await start(setup)) {
      const options = { method: 'POST', tls: setup.connectOptions }
      const answer = await send(addresses.proxy, options, body)
      expect(answer.status).toBe(200)
      expect(sha256(answer.body)).toBe(sha256(body))
      expect(answer.headers['x-seen-proto']).toBe(setup.scheme)
    }
  })

  test('WebSockets echo, on the node of the upstream and relayed', async () => {
    for (const { addresses } of await start(setup)) {
      const socket = openWebSocket(addresses.proxy, setup, '/')
      await once(socket, 'open')
      const message = randomBytes(200_000)
      socket.send(message)
      const [echo] = (await once(socket, 'message')) as [Buffer]
      expect(sha256(echo)).toBe(sha256(message))
    }
  })

  test.each([
    ['an agent', registerTcpEcho],
    ['a program with the SDK', registerSdk],
  ])('bytes come back from %s, on the node of the upstream and relayed', async (_who, register) => {
    const bytes = randomBytes(300_000)
    for (const { addresses } of await start(setup, register)) {
      for (const connect of Object.values(TCP_CLIENTS)) {
        const connection = await connect(addresses.proxy, setup)
        expect(sha256(await echoedBytes(connection, bytes))).toBe(sha256(bytes))
      }
    }
  })

  test('the status commands ask a node, and another one by way of it', async () => {
    const [owner, other] = (await start(setup)) as [ClusterMember, ClusterMember]
    const asked = { code: 0, stdout: 'endpoints:\n  my-endpoint: 1\n', stderr: '' }
    expect(await status(owner, setup, 'upstream endpoints')).toEqual(asked)
    expect(await status(other, setup, 'upstream endpoints --forward n1')).toEqual(asked)
  })
})

test('a cluster that is moved to TLS node by node serves on meanwhile', async () => {
  const [before, after] = [new TlsSetup('plain'), new TlsSetup('TLS')]
  // The plain one is told first whom to trust.
  const trust = after.clientFlags('--admin.tls.client')
  const first = await startMember('n1', ['--cluster.secret=what nodes whisper', ...trust])
  const join = `--cluster.join=127.0.0.1:${first.addresses.gossip.port}`
  const second = await startMember('n2', [...after.serverFlags, join])
  await registerEcho(first.addresses.upstream, before)
  await knowsEndpoint(second, 'n1')
  await second.log.logged('node told its address', 2)
  await first.log.logged('node told its address', 2)
  const ways = [
    { node: first, setup: before, to: 'n2' },
    { node: second, setup: after, to: 'n1' },
  ]
  for (const { node, setup, to } of ways) {
    const answer = await send(node.addresses.proxy, { tls: setup.connectOptions })
    expect(answer.headers['x-seen-proto']).toBe(setup.scheme)
    const { stdout } = await status(node, setup, `cluster node local --forward ${to}`)
    expect(stdout).toContain(`id: ${to}`)
  }
})
