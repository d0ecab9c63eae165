import { once } from 'node:events'
import { createServer, get } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Agent, fetch } from 'undici'
import { expect, onTestFinished, test } from 'vitest'
import { dial, EndpointAgent, endpointConnector } from '../../src/client/index.ts'
import { LogWatch } from '../support/log-watch.ts'
import { ENDPOINT, pikoWithHttpService } from '../support/piko.ts'
import { startListener, startNode } from '../support/sdk.ts'
import { makeSigningKey, signToken } from '../support/token-keys.ts'

/** Connections of the SDK to endpoints, and what HTTP clients make of them. */

test('a connection carries bytes both ways, and each side ends by itself', async () => {
  const { url, dialUrl } = await startNode()
  const listener = await startListener(url, { allowHalfOpen: true })
  const socket = await dial(ENDPOINT, { url: dialUrl, allowHalfOpen: true })
  socket.end('question')
  const [connection] = await once(listener, 'connection')
  connection.setEncoding('utf8')
  let question = ''
  connection.on('data', (chunk: string) => {
    question += chunk
  })
  await once(connection, 'end')
  expect(question).toBe('question')
  connection.end('answer')
  expect(await text(socket)).toBe('answer')
})

test('one side that breaks off is a reset at the other', async () => {
  const { url, dialUrl } = await startNode()
  const listener = await startListener(url)
  const socket = await dial(ENDPOINT, { url: dialUrl })
  socket.write('x')
  const [connection] = await once(listener, 'connection')
  const failed = once(socket, 'error')
  connection.destroy()
  expect((await failed)[0]).toMatchObject({ name: 'PikoError', code: 'reset' })
})

test('16 MiB come back as they were sent', async () => {
  const { url, dialUrl } = await startNode()
  const listener = await startListener(url)
  listener.on('connection', (connection) => connection.pipe(connection))
  const socket = await dial(ENDPOINT, { url: dialUrl, allowHalfOpen: true })
  const sent = Buffer.alloc(16 * 1024 * 1024)
  for (let i = 0; i < sent.length; i += 4) sent.writeUInt32LE((i * 2_654_435_761) >>> 0, i)
  socket.end(sent)
  const received: Buffer[] = []
  for await (const chunk of socket) received.push(chunk as Buffer)
  expect(Buffer.concat(received).equals(sent)).toBe(true)
})

test('an endpoint without upstreams is an error that may pass', async () => {
  const { dialUrl } = await startNode()
  await expect(dial('nobody', { url: dialUrl })).rejects.toMatchObject({
    code: 'no-upstream',
    retryable: true,
    status: 502,
    message: '502: no available upstreams',
  })
})

test('a dial is called off by its signal', async () => {
  const { dialUrl } = await startNode()
  const program = new AbortController()
  const dialled = dial('nobody', { url: dialUrl, signal: program.signal })
  program.abort()
  await expect(dialled).rejects.toMatchObject({ code: 'aborted', retryable: false })
})

test('a connection is broken off by the signal that it was dialled with', async () => {
  const { url, dialUrl } = await startNode()
  const listener = await startListener(url)
  const program = new AbortController()
  const socket = await dial(ENDPOINT, { url: dialUrl, signal: program.signal })
  const [connection] = await once(listener, 'connection')
  const broken = [once(socket, 'error'), once(connection, 'error')]
  program.abort()
  const [[own], [other]] = (await Promise.all(broken)) as [[unknown], [unknown]]
  expect(own).toMatchObject({ code: 'aborted', cause: program.signal.reason as unknown })
  expect(other).toMatchObject({ code: 'reset' })
})

test('a logger hears of every dial, and of no token', async () => {
  const { url, dialUrl } = await startNode()
  await startListener(url)
  const logger = new LogWatch()
  const options = { url: dialUrl, token: 'c2VjcmV0', logger }
  const socket = await dial(ENDPOINT, options)
  await expect(dial('nobody', options)).rejects.toMatchObject({ code: 'no-upstream' })
  socket.destroy()
  expect(logger.fieldsOf('dialled')).toEqual([{ 'endpoint-id': ENDPOINT, url: dialUrl }])
  expect(logger.fieldsOf('could not be dialled')).toEqual([
    {
      'endpoint-id': 'nobody',
      url: dialUrl,
      reason: '502: no available upstreams',
      code: 'no-upstream',
    },
  ])
  expect(JSON.stringify(logger.everything())).not.toContain('c2VjcmV0')
})

test("a tenant's endpoint is listened at and dialled by its name", async () => {
  const key = makeSigningKey('HS256')
  const tenant = `{ id: acme, auth: { hmac_secret_key: ${key.verifier} } }`
  const { url, dialUrl } = await startNode([], `upstream: { tenants: [${tenant}] }`)
  const token = await signToken(key)
  const listener = await startListener(url, { tenantId: 'acme', token })
  listener.on('connection', (connection) => connection.end('acme'))
  expect(await text(await dial(ENDPOINT, { url: dialUrl, tenantId: 'acme' }))).toBe('acme')
  await expect(dial(ENDPOINT, { url: dialUrl })).rejects.toMatchObject({ code: 'no-upstream' })
})

test.each([
  ['', {}, 'endpoint: is empty'],
  [ENDPOINT, { url: 'piko' }, 'url: piko is neither an http nor an https URL'],
  [ENDPOINT, { proxyUrl: 'x' }, 'proxyUrl: is neither an http nor an https URL'],
])('dial(%j, %j) is refused: %s', async (endpoint, options, message) => {
  await expect(dial(endpoint, options)).rejects.toMatchObject({ code: 'invalid-option', message })
})

test('connections are forwarded to a service, and refused ones are logged', async () => {
  const { url, dialUrl } = await startNode()
  const service = createTcpServer((socket) => socket.pipe(socket))
  service.listen(0, 'localhost')
  onTestFinished(() => void service.close())
  await once(service, 'listening')
  const { port } = service.address() as AddressInfo
  const logger = new LogWatch()
  const listener = (await startListener(url, { logger })).forwardTo(`localhost:${port}`)
  const socket = await dial(ENDPOINT, { url: dialUrl, allowHalfOpen: true })
  socket.end('hello')
  expect(await text(socket)).toBe('hello')

  listener.forwardTo(1)
  const refused = await dial(ENDPOINT, { url: dialUrl }).catch((error: unknown) => error)
  if ('write' in (refused as object)) await once(refused as typeof socket, 'error')
  await logger.logged('service unreachable')
  expect(() => listener.forwardTo('nowhere')).toThrow('address: nowhere is neither')
})

/** What an agent in front of this HTTP service, and a listener of the SDK, answer with. */
const UPSTREAMS = ['agent', 'listener'] as const

async function startUpstream(kind: (typeof UPSTREAMS)[number]): Promise<string> {
  const answer = async (request: IncomingMessage) => `${request.url} ${await text(request)}`
  if (kind === 'agent') {
    const { piko } = await pikoWithHttpService(async (request, response) => {
      response.end(await answer(request))
    })
    return `http://127.0.0.1:${piko.proxy.port}`
  }
  const { url, dialUrl } = await startNode()
  const server = createServer((request, response) => {
    void answer(request).then((body) => response.end(body))
  })
  const listener = await startListener(url)
  listener.serve(server)
  return dialUrl
}

test.each(UPSTREAMS)('node:http reaches an endpoint of a %s', async (kind) => {
  const agent = new EndpointAgent({ url: await startUpstream(kind) })
  for (const path of ['/one', '/two']) {
    const [response] = (await once(get(`http://${ENDPOINT}${path}`, { agent }), 'response')) as [
      IncomingMessage,
    ]
    expect(await text(response)).toBe(`${path} `)
  }
})

test.each(UPSTREAMS)('fetch reaches an endpoint of a %s', async (kind) => {
  const url = await startUpstream(kind)
  const dispatcher = new Agent({ connect: endpointConnector({ url }), pipelining: 0 })
  onTestFinished(async () => dispatcher.close())
  const bodies = Array.from({ length: 20 }, async (_, i) => {
    const init = { method: 'POST', body: `body ${i}`, dispatcher }
    return (await fetch(`http://${ENDPOINT}.example/${i}`, init)).text()
  })
  expect(await Promise.all(bodies)).toEqual(bodies.map((_, i) => `/${i} body ${i}`))
})

test('an HTTP client hears why its endpoint cannot be reached', async () => {
  const { dialUrl: url } = await startNode()
  const sent = get('http://nobody/', { agent: new EndpointAgent({ url }) })
  expect((await once(sent, 'error'))[0]).toMatchObject({ code: 'no-upstream' })
  const dispatcher = new Agent({ connect: endpointConnector({ url }), pipelining: 0 })
  await expect(fetch('http://nobody/', { dispatcher })).rejects.toMatchObject({
    cause: { code: 'no-upstream' },
  })
  await expect(fetch('https://nobody/', { dispatcher })).rejects.toMatchObject({
    cause: { code: 'invalid-option' },
  })
})
