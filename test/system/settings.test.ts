import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { HttpService } from '../support/http-service.ts'
import { ENDPOINT, pikoWithRawService, startPiko } from '../support/piko.ts'
import { RunningProgram } from '../support/running-program.ts'

/** Settings that no other test is about do what their help says. */

const GET = `GET / HTTP/1.1\r\nHost: h\r\nx-piko-endpoint: ${ENDPOINT}\r\n\r\n`
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** A port that was free a moment ago: a program that logs nothing does not say which it took. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function answeringService(): Promise<HttpService> {
  const service = await HttpService.start((_request, response) => {
    response.end('ok')
  })
  onTestFinished(async () => service.close())
  return service
}

test('proxy.http.idle_timeout closes a connection that sends no further request', async () => {
  const piko = await startPiko({
    service: await answeringService(),
    serverFlags: ['--proxy.http.idle-timeout', '50ms'],
  })
  const client = await piko.dial()
  client.send(GET)
  expect((await client.message()).status).toBe(200)
  expect(await client.rest()).toBe('')
})

test('advertised addresses and the prefix of the id are what others are told', async () => {
  const piko = await startPiko({
    service: await answeringService(),
    serverFlags: [
      '--cluster.node-id-prefix=web-',
      '--proxy.advertise-addr=10.1.2.3:81',
      '--admin.advertise-addr=admin.internal:82',
    ],
  })
  const { text } = await piko.admin('/status/cluster/nodes/local')
  expect(JSON.parse(text)).toMatchObject({
    id: expect.stringMatching(/^web-[a-z0-9]{7}$/),
    proxy_addr: '10.1.2.3:81',
    admin_addr: 'admin.internal:82',
  })
})

test('http_client.max_idle_conns is how many connections to the service wait', async () => {
  const { piko, service } = await pikoWithRawService({
    agentFlags: ['--http-client.max-idle-conns', '1'],
  })
  const clients = [await piko.dial(), await piko.dial()]
  for (const client of clients) client.send(GET)
  const peers = [await service.connection(), await service.connection()]
  for (const peer of peers) {
    await peer.head()
    peer.send(OK)
  }
  for (const client of clients) expect((await client.message()).status).toBe(200)
  await Promise.race(peers.map(async (peer) => peer.ending()))
  clients[0]?.send(GET)
  expect(await Promise.any(peers.map(async (peer) => (await peer.head()).start))).toContain('GET')
  expect(service.accepted).toBe(2)
})

test('http_client.idle_conn_timeout is how long they wait', async () => {
  const { piko, service } = await pikoWithRawService({
    agentFlags: ['--http-client.idle-conn-timeout', '50ms'],
  })
  const client = await piko.dial()
  client.send(GET)
  const peer = await service.connection()
  await peer.head()
  peer.send(OK)
  await peer.ending()
  expect((await client.message()).status).toBe(200)
})

test('server.enabled serves the agent’s metrics', async () => {
  const agent = new RunningProgram(
    ['dist/main.js', 'agent', 'http', 'e', '1', '--server.enabled'].concat([
      '--server.bind-addr=127.0.0.1:0',
    ]),
  )
  const [, port] = await agent.line(/"msg":"serving metrics","port":(\d+)/)
  const response = await fetch(`http://127.0.0.1:${port}/metrics`)
  expect(await response.text()).toContain('piko_agent_requests_total')
})

test.each([
  ['--log.level=error', '--log.subsystems=proxy.access', { started: false, request: true }],
  ['--log.level=error', '--proxy.access-log.level=debug', { started: false, request: false }],
  ['--log.level=info', '--proxy.access-log.disable', { started: true, request: false }],
  ['--log.level=error', '--proxy.access-log.level=error', { started: false, request: true }],
])('%s %s', async (level, other, logged) => {
  const proxyPort = await freePort()
  const bind = ['proxy', 'upstream', 'admin', 'cluster.gossip'].map(
    (port) => `--${port}.bind-addr=127.0.0.1:${port === 'proxy' ? proxyPort : 0}`,
  )
  const node = new RunningProgram(['dist/main.js', 'server', ...bind, level, other])
  const ask = async (): Promise<number> =>
    fetch(`http://127.0.0.1:${proxyPort}/`, { headers: { 'x-piko-endpoint': 'nobody' } }).then(
      ({ status }) => status,
      async () => ask(),
    )
  expect(await ask()).toBe(502)
  const { stderr } = await node.stop('SIGTERM')
  const lines = { started: stderr.includes('node started'), request: stderr.includes('"request":') }
  expect(lines).toEqual(logged)
})
