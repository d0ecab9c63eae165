import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { run } from '../../src/cli/run.ts'
import type { HostPort } from '../../src/std/host-port.ts'
import { knowsEndpoint, startCluster } from '../support/cluster.ts'
import type { ClusterMember } from '../support/cluster.ts'
import { openRequest, send } from '../support/http-client.ts'
import { HttpService } from '../support/http-service.ts'
import { startAgent } from '../support/piko.ts'
import { TlsSetup } from '../support/tls-setup.ts'
import type { TlsMode } from '../support/tls-setup.ts'
import { onTestFinished } from 'vitest'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** Answers what it was sent, and the scheme that the client used. */
async function echoService(): Promise<HttpService> {
  const service = await HttpService.start(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    response.writeHead(200, { 'x-seen-proto': String(request.headers['x-forwarded-proto']) })
    response.end(Buffer.concat(pieces))
  })
  service.server.on('upgrade', (_request, socket: Socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
    socket.pipe(socket)
  })
  onTestFinished(async () => service.close())
  return service
}

/** Two nodes, and a service behind the first. */
async function start(mode: TlsMode): Promise<{ setup: TlsSetup; nodes: ClusterMember[] }> {
  const setup = new TlsSetup(mode)
  const nodes = await startCluster(2, { flags: setup.serverFlags })
  const [owner, other] = nodes as [ClusterMember, ClusterMember]
  const { upstream } = owner.addresses
  await startAgent(upstream, await echoService(), { flags: setup.agentFlags(upstream) })
  await knowsEndpoint(other, owner.id)
  return { setup, nodes }
}

/** What comes back through an upgraded connection. */
async function echoed(proxy: HostPort, setup: TlsSetup, text: string): Promise<string> {
  const headers = { connection: 'upgrade', upgrade: 'echo' }
  const request = openRequest(proxy, { headers, tls: setup.connectOptions })
  request.end()
  const [, socket] = (await once(request, 'upgrade')) as [unknown, Socket]
  socket.end(text)
  let received = ''
  for await (const piece of socket.setEncoding('utf8')) received += piece as string
  return received
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
  test('requests go through whole, on the node of the upstream and relayed', async () => {
    const { setup, nodes } = await start(mode)
    const body = randomBytes(1_000_000)
    for (const { addresses } of nodes) {
      const options = { method: 'POST', tls: setup.connectOptions }
      const answer = await send(addresses.proxy, options, body)
      expect(answer.status).toBe(200)
      expect(sha256(answer.body)).toBe(sha256(body))
      expect(answer.headers['x-seen-proto']).toBe(setup.scheme)
    }
  })

  test('upgraded connections echo, on the node of the upstream and relayed', async () => {
    const { setup, nodes } = await start(mode)
    for (const { id, addresses } of nodes) {
      expect(await echoed(addresses.proxy, setup, `hello ${id}`)).toBe(`hello ${id}`)
    }
  })

  test('the status commands ask a node, and another one by way of it', async () => {
    const { setup, nodes } = await start(mode)
    const [owner, other] = nodes as [ClusterMember, ClusterMember]
    const asked = { code: 0, stdout: 'endpoints:\n  my-endpoint: 1\n', stderr: '' }
    expect(await status(owner, setup, 'upstream endpoints')).toEqual(asked)
    expect(await status(other, setup, 'upstream endpoints --forward n1')).toEqual(asked)
  })
})
