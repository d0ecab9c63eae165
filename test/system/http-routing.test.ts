import { expect, onTestFinished, test } from 'vitest'
import {
  ENDPOINT,
  dialPort,
  pikoWithHttpService,
  startAgent,
  startServer,
} from '../support/piko.ts'
import { HttpService } from '../support/http-service.ts'
import { lineValue } from '../support/wire.ts'

/** Which upstream a request goes to, and what is said when there is none. */

async function answerOf(port: number, head: string) {
  const client = await dialPort({ host: '127.0.0.1', port })
  client.send(`${head}\r\n\r\n`)
  const { status, lines, body } = await client.message()
  return {
    status,
    type: lineValue(lines, 'content-type'),
    nosniff: lineValue(lines, 'x-content-type-options'),
    body: body.toString(),
  }
}

const MISSING = {
  status: 400,
  type: 'application/json; charset=utf-8',
  nosniff: undefined,
  body: '{"error":"missing endpoint id"}',
}
const NONE = {
  status: 502,
  type: 'application/json',
  nosniff: 'nosniff',
  body: '{"error":"no available upstreams"}\n',
}

/** A service that says its name. */
async function named(name: string): Promise<HttpService> {
  const service = await HttpService.start((_request, response) => void response.end(name))
  onTestFinished(async () => service.close())
  return service
}

test.each([
  ['x-piko-endpoint', `Host: a.b\r\nx-piko-endpoint: ${ENDPOINT}`],
  ['x-pico-endpoint', `Host: a.b\r\nX-Pico-Endpoint: ${ENDPOINT}`],
  ['the field, over Host', `Host: other.b\r\nx-piko-endpoint: ${ENDPOINT}`],
  ['the field, with Host an IP', `Host: 127.0.0.1\r\nx-piko-endpoint: ${ENDPOINT}`],
  ['the first label of Host', `Host: ${ENDPOINT}.piko.example.com`],
  ['the label with a port', `Host: ${ENDPOINT}.b:8000`],
  ['the label in upper case', `Host: ${ENDPOINT.toUpperCase()}.b`],
])('a request finds its endpoint by %s', async (_name, fields) => {
  const { piko } = await pikoWithHttpService((_request, response) => void response.end('here'))
  const { status, body } = await answerOf(piko.proxy.port, `GET / HTTP/1.1\r\n${fields}`)
  expect([status, body]).toEqual([200, 'here'])
})

test.each([
  ['a Host without a dot', 'Host: localhost', MISSING],
  ['an IPv4 address', 'Host: 127.0.0.1:8000', MISSING],
  ['an IPv6 address', 'Host: [::1]:8000', MISSING],
  ['an empty label', 'Host: .b', MISSING],
  ['an empty field', 'Host: a\r\nx-piko-endpoint:', MISSING],
  ['an unknown endpoint', 'Host: unknown.b', NONE],
  ['an endpoint in another case', `Host: a.b\r\nx-piko-endpoint: ${ENDPOINT.toUpperCase()}`, NONE],
  ['__proto__', 'Host: a.b\r\nx-piko-endpoint: __proto__', NONE],
  ['constructor', 'Host: constructor.b', NONE],
])('%s is answered by Piko itself', async (_name, fields, expected) => {
  const { piko, service } = await pikoWithHttpService(() => {})
  expect(await answerOf(piko.proxy.port, `GET / HTTP/1.1\r\n${fields}`)).toEqual(expected)
  expect(service.requests).toEqual([])
})

test.each(['__proto__', 'a/b c?d', 'münchen'])(
  '"%s" is an endpoint id like any other',
  async (id) => {
    const node = await startServer()
    await startAgent(node.addresses.upstream, await named('here'), { endpointId: id })
    await node.log.logged('upstream connected')
    const bytes = Buffer.from(id).toString('latin1')
    const { body } = await answerOf(
      node.addresses.proxy.port,
      `GET / HTTP/1.1\r\nHost: a\r\nx-piko-endpoint: ${bytes}`,
    )
    expect(body).toBe('here')
  },
)

const GET = `GET / HTTP/1.1\r\nHost: ${ENDPOINT}.b`

test('upstreams of an endpoint take turns', async () => {
  const node = await startServer()
  for (const name of ['a', 'b']) {
    await startAgent(node.addresses.upstream, await named(name))
  }
  await node.log.logged('upstream connected', 2)
  const bodies: string[] = []
  for (let i = 0; i < 6; i++) bodies.push((await answerOf(node.addresses.proxy.port, GET)).body)
  expect([bodies.slice(0, 2).sort(), bodies.slice(2)]).toEqual([
    ['a', 'b'],
    [...bodies.slice(0, 2), ...bodies.slice(0, 2)],
  ])
})

test('an agent that is leaving gets nothing new, and finishes what it has', async () => {
  let answer: (() => void) | undefined
  const slow = await HttpService.start((_request, response) => {
    answer = () => response.end('slow')
  })
  onTestFinished(async () => slow.close())
  const node = await startServer()
  const leaving = await startAgent(node.addresses.upstream, slow, {
    flags: ['--grace-period', '20s'],
  })
  await node.log.logged('upstream connected')
  const { port } = node.addresses.proxy
  const first = answerOf(port, GET)
  await expect.poll(() => slow.requests.length).toBe(1)
  await startAgent(node.addresses.upstream, await named('other'))
  await node.log.logged('upstream connected', 2)
  const stopped = leaving.stop()
  await expect.poll(async () => (await answerOf(port, GET)).body).toBe('other')
  for (let i = 0; i < 4; i++) expect((await answerOf(port, GET)).body).toBe('other')
  answer?.()
  expect((await first).body).toBe('slow')
  await stopped
})
