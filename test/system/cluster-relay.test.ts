import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { ClusterMember } from '../support/cluster.ts'
import { knowsEndpoint, metricOf, startCluster } from '../support/cluster.ts'
import { countConnections } from '../support/counted-connections.ts'
import { bodyOf, openRequest, responseTo, send } from '../support/http-client.ts'
import { HttpService } from '../support/http-service.ts'
import type { ServiceListener } from '../support/http-service.ts'
import { ENDPOINT, dialPort, startAgent } from '../support/piko.ts'
import { RawService } from '../support/raw-service.ts'

/** Whatever passes through a node passes through two: requests that land where no upstream is. */

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Three nodes; the service's only agent is connected to the first. */
async function relaying<Service extends { readonly port: number; close(): Promise<void> }>(
  starting: Promise<Service>,
): Promise<{
  service: Service
  nodes: ClusterMember[]
  owner: ClusterMember
  edge: ClusterMember
}> {
  const service = await starting
  onTestFinished(async () => service.close())
  const nodes = await startCluster(3)
  const [owner, edge, third] = nodes as [ClusterMember, ClusterMember, ClusterMember]
  await startAgent(owner.addresses.upstream, service)
  await Promise.all([knowsEndpoint(edge, 'n1'), knowsEndpoint(third, 'n1')])
  return { service, nodes, owner, edge }
}

const withHttp = (listener: ServiceListener) => relaying(HttpService.start(listener))
const withRaw = () => relaying(RawService.start())

const echo: ServiceListener = async (request, response) => {
  response.setHeader('x-method', request.method as string)
  response.end(await bodyOf(request))
}

test('a request through any node reaches the upstream of one', async () => {
  const { nodes, service } = await withHttp(echo)
  for (const { addresses } of nodes) {
    const { status, body } = await send(addresses.proxy, { method: 'POST' }, 'hello')
    expect([status, body.toString()]).toEqual([200, 'hello'])
  }
  expect(service.requests.map(({ headers }) => headers['x-forwarded-for'])).toEqual(
    Array.from({ length: 3 }, () => '127.0.0.1'),
  )
})

test('many requests share one connection between two nodes', async () => {
  const { owner, edge } = await withHttp(echo)
  const toOwner = countConnections(owner.addresses.gossip.port)
  await send(edge.addresses.proxy)
  await Promise.all(Array.from({ length: 30 }, async () => send(edge.addresses.proxy)))
  for (let i = 0; i < 10; i++) await send(edge.addresses.proxy)
  expect(toOwner.count).toBe(1)
  expect(await metricOf(edge, 'piko_upstreams_remote_requests_total{node_id="n1"}')).toBe(41)
  expect(await metricOf(owner, 'piko_upstreams_upstream_requests_total')).toBe(41)
})

test.each([1, 65_536, 20_000_003])(
  'a body of %i bytes is the same there and back',
  async (size) => {
    const { edge } = await withHttp(echo)
    const body = randomBytes(size)
    for (const framing of [{ 'content-length': size }, { 'transfer-encoding': 'chunked' }]) {
      const answer = await send(edge.addresses.proxy, { method: 'POST', headers: framing }, body)
      expect(answer.status).toBe(200)
      expect(sha256(answer.body)).toBe(sha256(body))
    }
  },
)

test('a client that reads slowly holds the service back, not the memory of nodes', async () => {
  const size = 64 * 1024 * 1024
  let written = 0
  const { edge } = await withHttp(async (request, response) => {
    if (request.url === '/quick') {
      response.end('quick')
      return
    }
    const piece = Buffer.alloc(64 * 1024, 7)
    response.writeHead(200, { 'content-length': size })
    for (; written < size; written += piece.length) {
      if (!response.write(piece)) await once(response, 'drain')
    }
    response.end()
  })
  const slow = await responseTo(openRequest(edge.addresses.proxy).end())
  slow.pause()
  // Others are not held back: by the time they are through, the slow one has long been stalled.
  for (let i = 0; i < 20; i++) {
    expect((await send(edge.addresses.proxy, { path: '/quick' })).status).toBe(200)
  }
  expect(written).toBeLessThan(size / 2)
  expect((await bodyOf(slow)).length).toBe(size)
})

test('trailers travel both ways', async () => {
  let received: NodeJS.Dict<string> = {}
  const { edge } = await withHttp(async (request, response) => {
    await bodyOf(request)
    received = request.trailers
    response.writeHead(200, { trailer: 'x-sum' })
    response.write('body')
    response.addTrailers({ 'x-sum': 'down' })
    response.end()
  })
  const headers = { 'transfer-encoding': 'chunked', trailer: 'x-check' }
  const request = openRequest(edge.addresses.proxy, { method: 'POST', headers })
  const answered = responseTo(request)
  request.addTrailers({ 'x-check': 'up' })
  request.end('up')
  const answer = await answered
  await bodyOf(answer)
  expect(received).toEqual({ 'x-check': 'up' })
  expect(answer.trailers).toEqual({ 'x-sum': 'down' })
})

test('events leave at once, for as long as they come', async () => {
  const { edge, service } = await withRaw()
  const client = await dialPort(edge.addresses.proxy)
  client.send(`GET /events HTTP/1.1\r\nHost: a\r\nx-piko-endpoint: ${ENDPOINT}\r\n\r\n`)
  const peer = await service.connection()
  await peer.head()
  peer.send('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n')
  await client.head()
  for (const event of ['data: one\n\n', 'data: two\n\n']) {
    peer.send(event)
    expect(await client.until(event)).toContain(event)
  }
})

test('a WebSocket works through two nodes', async () => {
  const { edge, service } = await withHttp((_request, response) => void response.end())
  const server = new WebSocketServer({ server: service.server })
  server.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  })
  const client = new WebSocket(`ws://127.0.0.1:${edge.addresses.proxy.port}/chat`, {
    headers: { 'x-piko-endpoint': ENDPOINT },
  })
  await once(client, 'open')
  const message = randomBytes(1_000_000)
  client.send(message)
  const [echoed] = (await once(client, 'message')) as [Buffer]
  expect(echoed.equals(message)).toBe(true)
  client.close(4_000, 'enough')
  expect((await once(client, 'close'))[0]).toBe(4_000)
})

test('a client that leaves is noticed by the service', async () => {
  const { edge, service } = await withRaw()
  const client = await dialPort(edge.addresses.proxy)
  client.send(`GET / HTTP/1.1\r\nHost: a\r\nx-piko-endpoint: ${ENDPOINT}\r\n\r\n`)
  const peer = await service.connection()
  await peer.head()
  peer.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')
  await client.until('half')
  client.reset()
  expect(await peer.ending()).toBe('end')
})

test('an answer that breaks off is cut for the client too', async () => {
  const { edge, service } = await withRaw()
  const client = await dialPort(edge.addresses.proxy)
  client.send(`GET / HTTP/1.1\r\nHost: a\r\nx-piko-endpoint: ${ENDPOINT}\r\n\r\n`)
  const peer = await service.connection()
  await peer.head()
  peer.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n')
  await client.until('half')
  peer.reset()
  // Without its last chunk the answer cannot be taken for a whole one.
  expect(await client.rest()).toBe('\r\n')
})

test('a client cannot pretend to be a node', async () => {
  const { nodes } = await withHttp(echo)
  for (const { addresses } of nodes) {
    const { status } = await send(addresses.proxy, { headers: { 'x-piko-forward': 'true' } })
    expect(status).toBe(200)
  }
})

test('a service that breaks off before its answer is a 502', async () => {
  const { edge, service } = await withRaw()
  const client = await dialPort(edge.addresses.proxy)
  client.send(
    `POST / HTTP/1.1\r\nHost: a\r\nx-piko-endpoint: ${ENDPOINT}\r\nContent-Length: 0\r\n\r\n`,
  )
  const peer = await service.connection()
  await peer.head()
  peer.reset()
  expect((await client.message()).status).toBe(502)
})
