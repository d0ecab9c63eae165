import { get } from 'node:http'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { dial, EndpointAgent } from '../../src/client/index.ts'
import { startConnectProxy } from '../support/connect-proxy.ts'
import type { ConnectProxy } from '../support/connect-proxy.ts'
import { LogWatch } from '../support/log-watch.ts'
import { dialPort, ENDPOINT, startTcpAgent } from '../support/piko.ts'
import { RawService } from '../support/raw-service.ts'
import { ask, startListener, startNode, startServing } from '../support/sdk.ts'
import { startForward } from '../support/tcp.ts'

/** Programs that reach Piko through an HTTP proxy which wants a password. */

afterEach(() => {
  vi.unstubAllEnvs()
})

/** Where the proxy was asked to connect to. */
function asked({ requests }: ConnectProxy): (string | undefined)[] {
  return requests.map(({ url }) => url)
}

test('a listener and a dial go through the proxy', async () => {
  const { node, url, dialUrl } = await startNode()
  const proxy = await startConnectProxy()
  const listener = await startListener(url, { proxyUrl: proxy.url, allowHalfOpen: true })
  listener.on('connection', (connection) => connection.pipe(connection))
  const socket = await dial(ENDPOINT, { url: dialUrl, proxyUrl: proxy.url, allowHalfOpen: true })
  socket.end('hello')
  expect(await text(socket)).toBe('hello')
  const { upstream, proxy: edge } = node.addresses
  expect(asked(proxy)).toEqual([`127.0.0.1:${upstream.port}`, `127.0.0.1:${edge.port}`])
})

test('HTTP requests over dial go through the proxy', async () => {
  const { url, dialUrl } = await startNode()
  const proxy = await startConnectProxy()
  await startServing(url, (request) => new Response(new URL(request.url).pathname))
  const agent = new EndpointAgent({ url: dialUrl, proxyUrl: proxy.url })
  const [response] = (await once(get(`http://${ENDPOINT}/path`, { agent }), 'response')) as [
    IncomingMessage,
  ]
  expect(await text(response)).toBe('/path')
  expect(proxy.requests).toHaveLength(1)
})

/** An agent in front of a TCP service, and a port that leads to it, both with the proxy. */
async function startEnds(proxy: ConnectProxy) {
  const { node } = await startNode()
  const service = await RawService.start()
  onTestFinished(async () => service.close())
  const flags = ['--connect.proxy-url', proxy.url]
  const { upstream, proxy: edge } = node.addresses
  const agent = await startTcpAgent(upstream, service, { flags })
  await node.log.logged('upstream connected')
  const { address, log } = await startForward(edge, { flags })
  const client = await dialPort(address)
  client.send('hello')
  await (await service.connection()).until('hello')
  return { logs: [agent.log, log], ports: [upstream.port, edge.port] }
}

test('an agent and a forward go through the proxy, and log no password', async () => {
  const proxy = await startConnectProxy()
  const { logs, ports } = await startEnds(proxy)
  expect(asked(proxy)).toEqual(ports.map((port) => `127.0.0.1:${port}`))
  for (const log of logs) expect(JSON.stringify(log.everything())).not.toMatch(/s(@|%40)cr/)
})

test('an agent and a forward know NO_PROXY', async () => {
  const proxy = await startConnectProxy()
  vi.stubEnv('NO_PROXY', '127.0.0.0/8')
  await startEnds(proxy)
  expect(proxy.requests).toEqual([])
})

test('hosts of NO_PROXY are reached without the proxy', async () => {
  const { node, url, dialUrl } = await startNode()
  const proxy = await startConnectProxy()
  vi.stubEnv('NO_PROXY', 'localhost, 127.0.0.1')
  await startServing(url, () => new Response('direct'), { proxyUrl: proxy.url })
  expect(await (await ask(node)).text()).toBe('direct')
  const socket = await dial(ENDPOINT, { url: dialUrl, proxyUrl: proxy.url })
  socket.destroy()
  expect(proxy.requests).toEqual([])
})

test('a proxy that refuses is named, and its password is not', async () => {
  const { url, dialUrl } = await startNode()
  const proxy = await startConnectProxy()
  const proxyUrl = `http://me:wr0ng@127.0.0.1:${proxy.port}`
  const logger = new LogWatch()
  const refusal = {
    code: 'proxy-refused',
    status: 407,
    message: `proxy 127.0.0.1:${proxy.port}: 407: Proxy Authentication Required`,
  }
  await expect(dial(ENDPOINT, { url: dialUrl, proxyUrl, logger })).rejects.toMatchObject(refusal)

  // Proxies are mended: a listener tries again.
  const listening = startListener(url, { proxyUrl, logger, backoff: { minMs: 1, maxMs: 2 } })
  await logger.logged('disconnected', 2)
  vi.stubEnv('NO_PROXY', '*')
  await listening
  expect(logger.fieldsOf('disconnected')[0]).toMatchObject({
    reason: refusal.message,
    code: refusal.code,
  })
  expect(JSON.stringify(logger.everything())).not.toContain('wr0ng')
})
