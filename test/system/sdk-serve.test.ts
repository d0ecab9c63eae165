import { once } from 'node:events'
import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { LogWatch } from '../support/log-watch.ts'
import { dialPort, ENDPOINT } from '../support/piko.ts'
import { ask, startNode, startServing } from '../support/sdk.ts'

/** Fetch handlers as upstreams: `serve`. */

test('a handler sees the request as the client made it', async () => {
  const { node, url } = await startNode()
  await startServing(url, async (request, facts) => {
    const { method, url: asked, headers } = request
    const body = await request.text()
    return Response.json({ method, asked, field: headers.get('x-field'), body, ...facts })
  })
  const response = await ask(node, '/a/b?c=d', {
    method: 'PUT',
    body: 'text',
    headers: { 'x-field': 'value', 'x-request-id': 'r-1' },
  })
  expect(await response.json()).toEqual({
    method: 'PUT',
    asked: `http://127.0.0.1:${node.addresses.proxy.port}/a/b?c=d`,
    field: 'value',
    body: 'text',
    endpoint: ENDPOINT,
    requestId: 'r-1',
    peerAddress: '127.0.0.1',
    forwardedFor: ['127.0.0.1'],
  })
})

test('status, fields and each cookie reach the client', async () => {
  const { node, url } = await startNode()
  await startServing(url, () => {
    const headers = new Headers({ 'x-one': '1' })
    headers.append('set-cookie', 'a=1; Path=/')
    headers.append('set-cookie', 'b=2')
    return new Response(null, { status: 207, headers })
  })
  const response = await ask(node)
  expect(response.status).toBe(207)
  expect(response.headers.get('x-one')).toBe('1')
  expect(response.headers.getSetCookie()).toEqual(['a=1; Path=/', 'b=2'])
})

test('a Hono app is a handler', async () => {
  const { node, url } = await startNode()
  const app = new Hono()
  app.get('/hello/:name', (context) => context.text(`hello ${context.req.param('name')}`))
  await startServing(url, (request) => app.fetch(request))
  expect(await (await ask(node, '/hello/you')).text()).toBe('hello you')
})

test('both bodies stream', async () => {
  const { node, url } = await startNode()
  await startServing(url, ({ body }) => new Response(body))
  const client = await dialPort(node.addresses.proxy)
  client.send(`POST / HTTP/1.1\r\nHost: ${ENDPOINT}.x\r\nContent-Length: 2\r\n\r\na`)
  const [first] = (await once(client.socket, 'data')) as [Buffer]
  let received = first.toString()
  while (!received.endsWith('1\r\na\r\n')) {
    received += String((await once(client.socket, 'data'))[0])
  }
  client.send('b')
  while (!received.endsWith('0\r\n\r\n')) {
    received += String((await once(client.socket, 'data'))[0])
  }
  expect(received).toContain('1\r\nb\r\n')
})

test('a handler learns that its client has left', async () => {
  const { node, url } = await startNode()
  const handled: AbortSignal[] = []
  await startServing(url, async ({ signal }) => {
    handled.push(signal)
    await once(signal, 'abort')
    return new Response('too late')
  })
  const client = new AbortController()
  const asked = ask(node, '/', { signal: client.signal })
  while (handled.length === 0) await new Promise(setImmediate)
  const signal = handled[0] as AbortSignal
  expect(signal.aborted).toBe(false)
  client.abort()
  await expect(asked).rejects.toThrow('aborted')
  while (!signal.aborted) await new Promise(setImmediate)
})

test('a handler that fails answers 500, and says why in the log', async () => {
  const { node, url } = await startNode()
  const logger = new LogWatch()
  await startServing(
    url,
    () => {
      throw new Error('no database')
    },
    { logger },
  )
  const response = await ask(node)
  expect(response.status).toBe(500)
  expect(await response.text()).toBe('Internal Server Error\n')
  expect(logger.fieldsOf('the handler failed')).toEqual([{ reason: 'no database' }])
})

test.each([
  ['TRACE', ENDPOINT],
  ['GET', 'a_b%'],
])('what is no request to fetch answers 400: %s with Host %s', async (method, host) => {
  const { node, url } = await startNode()
  const logger = new LogWatch()
  await startServing(url, () => new Response('handled'), { logger })
  const client = await dialPort(node.addresses.proxy)
  client.send(`${method} / HTTP/1.1\r\nHost: ${host}\r\nx-piko-endpoint: ${ENDPOINT}\r\n\r\n`)
  expect((await client.message()).start).toBe('HTTP/1.1 400 Bad Request')
  expect(logger.count('the handler failed')).toBe(0)
})

test('an answer that breaks off never looks complete', async () => {
  const { node, url } = await startNode()
  let fail = (): void => {}
  await startServing(url, () => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('begun'))
        fail = () => controller.error(new Error('disk is gone'))
      },
    })
    return new Response(body)
  })
  const response = await ask(node)
  fail()
  await expect(response.text()).rejects.toThrow('terminated')
})
