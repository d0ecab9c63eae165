import { once } from 'node:events'
import { createServer } from 'node:http'
import express from 'express'
import { expect, onTestFinished, test } from 'vitest'
import { describeRequest, dial, listen } from '../../src/client/index.ts'
import type { Connection } from '../../src/client/index.ts'
import { dialPort, ENDPOINT, startServer } from '../support/piko.ts'
import { LogWatch } from '../support/log-watch.ts'
import { ask, startListener, startNode } from '../support/sdk.ts'

/** Programs that are upstreams by themselves: listeners of the SDK at a real node. */

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'

test('a server without a port answers what comes through a listener', async () => {
  const { node, url } = await startNode()
  const listener = await startListener(url)
  const server = createServer((request, response) => {
    response.end(JSON.stringify({ url: request.url, ...describeRequest(request) }))
  })
  listener.serve(server)

  const response = await ask(node, '/path', { headers: { 'x-forwarded-for': '192.0.2.7' } })
  expect(await response.json()).toEqual({
    url: '/path',
    endpoint: ENDPOINT,
    requestId: `${ENDPOINT}-1`,
    peerAddress: '127.0.0.1',
    forwardedFor: ['192.0.2.7', '127.0.0.1'],
  })
  expect(server.listening).toBe(false)
})

test('an Express app is served in one line, large bodies included', async () => {
  const { node, url } = await startNode()
  const app = express()
  app.post('/echo', (request, response) => void request.pipe(response))
  const listener = (await startListener(url)).serve(createServer(app))

  const body = Buffer.alloc(3 * 1024 * 1024, 'piko ')
  const answers = Array.from({ length: 8 }, async () => {
    const response = await ask(node, '/echo', { method: 'POST', body })
    return Buffer.from(await response.arrayBuffer()).equals(body)
  })
  expect(await Promise.all(answers)).toEqual(answers.map(() => true))
  while (listener.connectionCount > 0) await new Promise(setImmediate)
})

test('connections wait until somebody takes them, by event or by iterating', async () => {
  const { node, url } = await startNode()
  const listener = await startListener(url)
  const early = ask(node)
  await node.log.logged('upstream connected')
  const iterator = listener[Symbol.asyncIterator]()
  const { value: first } = await iterator.next()
  first?.end(OK)
  expect(await (await early).text()).toBe('hi')

  listener.on('connection', (connection) => connection.end(OK))
  expect(await (await ask(node)).text()).toBe('hi')
})

test('a connection that breaks off before anybody took it is gone', async () => {
  const { url, dialUrl } = await startNode()
  const listener = await startListener(url)
  const hasWaiting = async (count: number) => {
    while (listener.connectionCount !== count) await new Promise(setImmediate)
  }
  const broken = await dial(ENDPOINT, { url: dialUrl })
  await hasWaiting(1)
  broken.destroy()
  await hasWaiting(0)
  const next = await dial(ENDPOINT, { url: dialUrl })
  const { value } = await listener[Symbol.asyncIterator]().next()
  expect(value?.id).toBe(`${ENDPOINT}-2`)
  next.destroy()
})

test('clients that break off do not end a program that hears of no errors', async () => {
  const { url, dialUrl } = await startNode()
  const listener = await startListener(url)
  const closed = new Promise<Error | null>((resolve) => {
    listener.on('connection', (connection) => {
      connection.pipe(connection)
      connection.once('close', () => resolve(connection.errored))
    })
  })
  const client = await dial(ENDPOINT, { url: dialUrl })
  client.write('hello')
  await once(client, 'data')
  client.destroy()
  expect(await closed).toMatchObject({ code: 'reset' })
})

test('iterating ends when the listener is closed', async () => {
  const { url } = await startNode()
  const listener = await startListener(url)
  const seen: Connection[] = []
  const iterated = (async () => {
    for await (const connection of listener) seen.push(connection)
  })()
  await listener.close()
  await iterated
  expect(seen).toEqual([])
})

test('a closed listener takes nothing more, and finishes what it has', async () => {
  const { node, url } = await startNode()
  const listener = await startListener(url)
  const asked = ask(node)
  const [connection] = await once(listener, 'connection')
  const closed = listener.close()
  await node.log.logged('upstream disconnected', 0)
  connection.end(OK)
  expect(await (await asked).text()).toBe('hi')
  await closed
  expect((await ask(node)).status).toBe(502)
})

test('shutdown breaks off what is open', async () => {
  const { node, url } = await startNode(['--proxy.hold', '0s'])
  const listener = await startListener(url)
  const asked = ask(node, '/', { method: 'POST', body: 'x' })
  const [connection] = await once(listener, 'connection')
  connection.resume()
  await listener.shutdown()
  expect(connection.destroyed).toBe(true)
  expect((await asked).status).toBe(502)
})

test('a disposed listener is closed', async () => {
  const { url } = await startNode()
  const listener = await startListener(url)
  const closed = once(listener, 'close')
  await listener[Symbol.asyncDispose]()
  expect(await closed).toEqual([])
})

test('a listener says what becomes of its tunnel, and comes back', async () => {
  const first = await startServer()
  const port = first.addresses.upstream.port
  const logger = new LogWatch()
  const backoff = { minMs: 10, maxMs: 20 }
  const url = `http://127.0.0.1:${port}`
  const listener = await startListener(url, { backoff, logger })
  const reconnecting = once(listener, 'reconnecting')
  await first.stop()
  const [reason, retryMs] = await reconnecting
  expect(reason).toMatchObject({ name: 'PikoError', retryable: true })
  expect(retryMs).toBeLessThanOrEqual(22)
  expect(logger.count('connected')).toBe(1)

  const connected = once(listener, 'connected')
  const second = await startServer(['--upstream.bind-addr', `127.0.0.1:${port}`])
  await connected
  listener.on('connection', (connection) => connection.end(OK))
  expect(await (await ask(second)).text()).toBe('hi')
})

test('a program that waits for a server can call it off', async () => {
  const free = await startServer()
  await free.stop()
  const program = new AbortController()
  const logger = new LogWatch()
  const url = `http://127.0.0.1:${free.addresses.upstream.port}`
  const listening = listen(ENDPOINT, { url, signal: program.signal, logger })
  await logger.logged('disconnected')
  program.abort()
  await expect(listening).rejects.toMatchObject({ code: 'aborted', retryable: false })
})

test('an open listener is closed by the signal', async () => {
  const { url } = await startNode()
  const program = new AbortController()
  const listener = await startListener(url, { signal: program.signal })
  const closed = once(listener, 'close')
  program.abort()
  expect(await closed).toEqual([])
})

/** An upstream port that answers every handshake so. */
async function startRefusing(status: number) {
  const tokens: (string | undefined)[] = []
  const server = createServer()
  server.on('upgrade', (request, socket) => {
    tokens.push(request.headers.authorization)
    socket.end(`HTTP/1.1 ${status} No\r\nConnection: close\r\n\r\n{"error":"invalid token"}`)
  })
  server.listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}`, tokens }
}

test('a token that is refused is not tried again', async () => {
  const { url, tokens } = await startRefusing(401)
  await expect(listen(ENDPOINT, { url, token: 'wrong' })).rejects.toMatchObject({
    code: 'unauthorized',
    status: 401,
    message: '401: invalid token',
    retryable: false,
  })
  expect(tokens).toEqual(['Bearer wrong'])
})

test('a URL that leads elsewhere is an error at once', async () => {
  const { url } = await startRefusing(404)
  await expect(listen(ENDPOINT, { url })).rejects.toMatchObject({ code: 'rejected', status: 404 })
})

test('a token function is asked at every attempt', async () => {
  const { url, tokens } = await startRefusing(503)
  let count = 0
  const program = new AbortController()
  const listening = listen(ENDPOINT, {
    url,
    backoff: { minMs: 1, maxMs: 2 },
    signal: program.signal,
    token: async () => {
      count += 1
      if (count === 3) program.abort()
      return `token-${count}`
    },
  })
  await expect(listening).rejects.toMatchObject({ code: 'aborted' })
  expect(tokens).toEqual(['Bearer token-1', 'Bearer token-2'])
})

test.each([
  ['', {}, 'endpoint: is empty'],
  [ENDPOINT, { url: 'piko' }, 'url: piko is neither an http nor an https URL'],
  [ENDPOINT, { proxyUrl: 'x' }, 'proxyUrl: is neither an http nor an https URL'],
  [ENDPOINT, { connectTimeoutMs: 0 }, 'connectTimeoutMs: must be above 0'],
  [ENDPOINT, { tls: { cert: 'x' } }, 'tls: cannot be used'],
  [ENDPOINT, { backoff: { minMs: 99_999 } }, 'backoff: minMs must be above 0'],
])('listen(%j, %j) is refused: %s', async (endpoint, options, message) => {
  await expect(listen(endpoint, options)).rejects.toMatchObject({
    code: 'invalid-option',
    message: expect.stringContaining(message) as string,
  })
})

test('a slow reader holds its own sender up, and loses nothing', async () => {
  const { node, url } = await startNode()
  const listener = await startListener(url)
  const client = await dialPort(node.addresses.proxy)
  const size = 8 * 1024 * 1024
  client.send(`POST / HTTP/1.1\r\nHost: ${ENDPOINT}.x\r\nContent-Length: ${size}\r\n\r\n`)
  client.socket.write(Buffer.alloc(size, '~'))
  const [connection] = await once(listener, 'connection')
  // Nobody reads: a window comes, and no byte more.
  while (connection.readableLength < 256 * 1024) await new Promise(setImmediate)
  expect(connection.readableLength).toBe(256 * 1024)
  let bodyBytes = 0
  for await (const chunk of connection) {
    bodyBytes += (chunk as Buffer).toString().split('~').length - 1
    if (bodyBytes === size) break
  }
  expect(bodyBytes).toBe(size)
})
