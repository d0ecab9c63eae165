import { expect, onTestFinished, test } from 'vitest'
import { ENDPOINT, pikoWithRawService } from '../support/piko.ts'

/** What operators and their machines see of a node. */

const GET = `GET / HTTP/1.1\r\nHost: ${ENDPOINT}.example\r\n\r\n`

test('a node is healthy and ready, and shows who is connected', async () => {
  const { piko } = await pikoWithRawService()
  expect(await piko.admin('/health')).toEqual({ status: 200, text: '' })
  expect(await piko.admin('/ready')).toEqual({ status: 200, text: '' })
  const endpoints = await piko.admin('/status/upstream/endpoints')
  expect(JSON.parse(endpoints.text)).toEqual({ [ENDPOINT]: 1 })
  const nodes = JSON.parse((await piko.admin('/status/cluster/nodes')).text) as { id: string }[]
  expect(nodes).toMatchObject([{ status: 'active', endpoints: 1, upstreams: 1 }])
  const local = await piko.admin('/status/cluster/nodes/local')
  expect(JSON.parse(local.text)).toMatchObject({ endpoints: { [ENDPOINT]: 1 } })
  expect((await piko.admin(`/status/cluster/nodes/${nodes[0]?.id}`)).text).toBe(local.text)
  expect(await piko.admin('/status/cluster/nodes/nobody')).toEqual({ status: 404, text: '' })
  expect((await piko.admin('/nothing')).status).toBe(404)
})

test('the metrics have their names, and count', async () => {
  const { piko, service } = await pikoWithRawService()
  const client = await piko.dial()
  client.send(GET)
  const peer = await service.connection()
  await peer.head()
  expect(await piko.metric('piko_proxy_requests_in_flight')).toBe(1)
  peer.send('HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\nabc')
  await client.message()
  await expect.poll(async () => piko.metric('piko_proxy_requests_in_flight')).toBe(0)
  for (const [line, value] of [
    ['piko_proxy_requests_total{status="201",method="GET"}', 1],
    ['piko_proxy_request_latency_seconds_count{status="201",method="GET"}', 1],
    ['piko_proxy_request_size_bytes_count', 1],
    ['piko_proxy_response_size_bytes_sum', 3],
    ['piko_upstreams_connected_upstreams', 1],
    ['piko_upstreams_registered_endpoints', 1],
    ['piko_upstreams_upstream_requests_total', 1],
    ['piko_cluster_nodes{status="active"}', 1],
  ] as const) {
    expect([line, await piko.metric(line)]).toEqual([line, value])
  }
})

test('nothing is left of a hundred clients that were killed in mid-transfer', async () => {
  const { piko, service } = await pikoWithRawService()
  const clients = await Promise.all(Array.from({ length: 100 }, async () => piko.dial()))
  for (const client of clients) {
    client.send(GET)
    const peer = await service.connection()
    await peer.head()
    peer.send('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc')
    await client.until('abc')
  }
  expect(await piko.metric('piko_proxy_requests_in_flight')).toBe(100)
  for (const client of clients) client.reset()
  await expect.poll(async () => piko.metric('piko_proxy_requests_in_flight')).toBe(0)
  await piko.agent.stop()
  await expect.poll(async () => piko.metric('piko_upstreams_connected_upstreams')).toBe(0)
  expect(await piko.metric('piko_upstreams_registered_endpoints')).toBe(0)
})

test('the access log has a line per request, without what is secret', async () => {
  const { piko, service } = await pikoWithRawService()
  const client = await piko.dial()
  client.send(
    GET.replace('/ ', '/a?token=s3cret ').replace('\r\n\r\n', '\r\nCookie: s3cret\r\n\r\n'),
  )
  const peer = await service.connection()
  await peer.head()
  peer.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  await client.message()
  for (const { log } of [piko.node, piko.agent]) {
    await log.logged('request')
    const [line] = log.fieldsOf('request')
    expect(line).toMatchObject({ request: { method: 'GET', path: '/a', status: 200 } })
    expect(JSON.stringify(line)).not.toContain('s3cret')
  }
})

test('a node that is leaving is not ready, while its requests go on', async () => {
  const { piko, service } = await pikoWithRawService({ serverFlags: ['--grace-period', '20s'] })
  const client = await piko.dial()
  client.send(GET)
  const peer = await service.connection()
  await peer.head()
  const stopped = piko.node.stop()
  onTestFinished(async () => stopped)
  expect(await piko.admin('/ready')).toEqual({ status: 503, text: '' })
  expect((await piko.admin('/health')).status).toBe(200)
  peer.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  expect((await client.message()).status).toBe(200)
})
