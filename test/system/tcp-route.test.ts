import { describe, expect, test } from 'vitest'
import { metricOf } from '../support/cluster.ts'
import { send } from '../support/http-client.ts'
import { ENDPOINT, startServer, startTcpAgent } from '../support/piko.ts'
import { PLACEMENTS, TcpRouteClient, tcpPiko } from '../support/tcp.ts'

/** The proxy port's route for TCP connections, as a client that is not Piko's own sees it. */

const HALF_CLOSE = { 'x-piko-half-close': 'true' }
const ROUTE = `/_piko/v1/tcp/${ENDPOINT}`

describe.each(PLACEMENTS)('with client and upstream on %s', (placement) => {
  test('binary messages are the bytes, whoever speaks first', async () => {
    const { edge, service } = await tcpPiko(placement)
    const client = await new TcpRouteClient(edge).opened()
    const peer = await service.connection()
    peer.send('hello')
    await client.hears('hello')
    client.socket.send(Buffer.from('ping'))
    expect(await peer.until('ping')).toBe('ping')
  })

  test('without half-close the end of one direction is the end of both', async () => {
    const { edge, service } = await tcpPiko(placement)
    const first = await new TcpRouteClient(edge).opened()
    const peer = await service.connection()
    first.socket.send(Buffer.from('last words'))
    first.socket.close()
    expect(await peer.rest()).toBe('last words')
    const second = await new TcpRouteClient(edge).opened()
    const other = await service.connection()
    other.send('bye')
    other.finish()
    expect(await second.closed()).toBe(1000)
    expect(second.heard).toBe('bye')
    expect(await other.ending()).toBe('end')
  })

  test('a client that drops its connection without a Close has ended it', async () => {
    const { edge, service } = await tcpPiko(placement)
    const client = await new TcpRouteClient(edge).opened()
    const peer = await service.connection()
    client.socket.send(Buffer.from('last words'))
    await peer.until('words')
    client.socket.terminate()
    expect(await peer.ending()).toBe('end')
  })

  test('with half-close an empty message is the end of its direction', async () => {
    const { edge, service } = await tcpPiko(placement)
    const client = await new TcpRouteClient(edge, HALF_CLOSE).opened()
    const peer = await service.connection()
    client.socket.send(Buffer.from('last words'))
    client.socket.send(Buffer.alloc(0))
    expect(await peer.rest()).toBe('last words')
    peer.send('still talking')
    await client.hears('still talking')
    peer.finish()
    expect(await client.closed()).toBe(1000)
    expect(client.heard).toBe('still talking|')
  })

  test('a reset is a Close with a code of its own, and what is no end is a reset', async () => {
    const { edge, service } = await tcpPiko(placement)
    const first = await new TcpRouteClient(edge, HALF_CLOSE).opened()
    const peer = await service.connection()
    peer.reset()
    expect(await first.closed()).toBe(4001)
    const leave = [
      (client: TcpRouteClient) => client.socket.close(4001),
      (client: TcpRouteClient) => client.socket.close(1000),
      (client: TcpRouteClient) => client.socket.terminate(),
    ]
    for (const leaves of leave) {
      const client = await new TcpRouteClient(edge, HALF_CLOSE).opened()
      const other = await service.connection()
      leaves(client)
      expect(await other.ending()).toBe('reset')
    }
  })

  test('a text message ends the connection', async () => {
    const { edge, service } = await tcpPiko(placement)
    const client = await new TcpRouteClient(edge).opened()
    const peer = await service.connection()
    client.socket.send('text')
    expect(await client.closed()).toBe(1003)
    expect(await peer.ending()).toBe('reset')
  })

  test('a service that does not accept is a reset, and the agent says why', async () => {
    const { edge, service, agent } = await tcpPiko(placement)
    await service.close()
    const client = await new TcpRouteClient(edge).opened()
    expect(await client.closed()).toBe(4001)
    await agent.log.entry('service unreachable', ({ reason }) => {
      return String(reason).includes('ECONNREFUSED')
    })
  })

  test('a client that reads nothing holds the service up', async () => {
    const { edge, service } = await tcpPiko(placement)
    const client = await new TcpRouteClient(edge).opened()
    const peer = await service.connection()
    client.socket.pause()
    const total = 64 * 1024 * 1024
    peer.send(Buffer.alloc(total, 'x'))
    // Another connection works meanwhile, and gives the first one time to fill up.
    const other = await new TcpRouteClient(edge).opened()
    const echo = await service.connection()
    for (let i = 1; i <= 50; i++) {
      echo.send('o')
      await other.hears('o'.repeat(i))
    }
    expect(peer.socket.writableLength).toBeGreaterThan(total / 2)
    client.socket.resume()
    while (client.heard.length < total) await client.more()
    expect(client.heard.length).toBe(total)
  })

  test('a connection is counted while it is open, and logged when it ends', async () => {
    const { edge, service, agent } = await tcpPiko(placement)
    const client = await new TcpRouteClient(edge).opened()
    const peer = await service.connection()
    client.socket.send(Buffer.from('12345'))
    await peer.until('5')
    peer.send('123')
    await client.hears('123')
    const figures = async () =>
      Promise.all(
        ['connections_in_flight', 'connections_total', 'received_bytes_total', 'sent_bytes_total']
          .map((name) => `piko_proxy_tcp_${name}`)
          .map(async (name) => metricOf(edge, name)),
      )
    expect(await figures()).toEqual([1, 1, 5, 3])
    await agent.log.logged('connection opened')
    client.socket.close()
    peer.finish()
    await agent.log.entry('connection closed', (fields) => {
      return fields['received-bytes'] === 5 && fields['sent-bytes'] === 3
    })
    const { request } = await edge.log.entry('request', () => true)
    expect(request).toMatchObject({ method: 'GET', path: ROUTE, status: 101 })
    expect(await figures()).toEqual([0, 1, 5, 3])
  })
})

test('an endpoint without an upstream is a 502 before the upgrade', async () => {
  const edge = await startServer()
  const refused = await new TcpRouteClient(edge).refused()
  expect(refused).toEqual({ status: 502, body: '{"error":"no available upstreams"}\n' })
})

test('requests that open no WebSocket are refused, and reach no upstream', async () => {
  const { edge, service } = await tcpPiko('one node')
  const plain = await send(edge.addresses.proxy, { path: ROUTE })
  expect([plain.status, plain.headers.upgrade]).toEqual([426, 'websocket'])
  const headers = { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' }
  const keyless = await send(edge.addresses.proxy, { path: ROUTE, headers })
  expect(keyless.status).toBe(400)
  const broken = await send(edge.addresses.proxy, { path: '/_piko/v1/tcp/%zz' })
  expect([broken.status, broken.body.toString()]).toEqual([400, '{"error":"invalid endpoint id"}'])
  expect(service.accepted).toBe(0)
})

test('other paths below /_piko belong to the service', async () => {
  const edge = await startServer()
  for (const path of ['/_piko/v1/tcp/', '/_piko/v1/tcp/a/b', '/_piko/v2/tcp/a']) {
    expect((await send(edge.addresses.proxy, { path })).status).toBe(502)
  }
})

test('a tunnel that was lost is passed over: the connection goes to another upstream', async () => {
  const { edge, service, agent } = await tcpPiko('one node')
  await startTcpAgent(edge.addresses.upstream, service)
  await edge.log.logged('upstream connected', 2)
  await agent.stop()
  for (let i = 0; i < 4; i++) {
    await new TcpRouteClient(edge).opened()
    await service.connection()
  }
  expect(service.accepted).toBe(4)
})
