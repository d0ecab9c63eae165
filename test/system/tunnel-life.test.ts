import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer as createTcpServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import type { HostPort } from '../../src/std/host-port.ts'
import { HttpService } from '../support/http-service.ts'
import {
  ENDPOINT,
  Piko,
  pikoWithHttpService,
  pikoWithRawService,
  startAgent,
  startServer,
} from '../support/piko.ts'

/** Tunnels come back whatever ended them, and nothing that is under way is cut without need. */

const TO = `Host: a.example\r\nx-piko-endpoint: ${ENDPOINT}\r\n`
const GET = `GET / HTTP/1.1\r\n${TO}\r\n`

async function answer(piko: Piko): Promise<string> {
  const client = await piko.dial()
  client.send(GET)
  return (await client.message()).body.toString()
}

async function service(name = 'here'): Promise<HttpService> {
  const started = await HttpService.start((_request, response) => void response.end(name))
  onTestFinished(async () => started.close())
  return started
}

/** Something between agent and node that can end the tunnel's connection in each way. */
async function between(to: HostPort) {
  const pairs: { agent: Socket; node: Socket }[] = []
  const server = createTcpServer((agent) => {
    const node = connect({ host: '127.0.0.1', port: to.port })
    pairs.push({ agent, node })
    for (const [from, into] of [
      [agent, node],
      [node, agent],
    ] as const) {
      from.pipe(into)
      from.on('error', () => into.destroy())
    }
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(() => {
    server.close()
    for (const { agent, node } of pairs) for (const socket of [agent, node]) socket.destroy()
  })
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port, pairs }
}

test.each([
  ['FIN', (agent: Socket, node: Socket) => [agent, node].map((socket) => socket.end())],
  ['RST', (agent: Socket, node: Socket) => [agent, node].map((s) => s.resetAndDestroy())],
])('a tunnel that ends with %s is opened again, and requests work', async (_name, cut) => {
  const node = await startServer()
  const middle = await between(node.addresses.upstream)
  const agent = await startAgent(middle, await service())
  await node.log.logged('upstream connected')
  const piko = new Piko(node, agent)
  expect(await answer(piko)).toBe('here')
  const [pair] = middle.pairs
  cut(pair?.agent as Socket, pair?.node as Socket)
  await node.log.logged('upstream disconnected')
  await node.log.logged('upstream connected', 2)
  expect(await answer(piko)).toBe('here')
})

test('a node that starts again on its port has its agent back', async () => {
  const first = await startServer()
  const agent = await startAgent(first.addresses.upstream, await service())
  await first.log.logged('upstream connected')
  await first.stop()
  const { port } = first.addresses.upstream
  const second = await startServer(['--upstream.bind-addr', `127.0.0.1:${port}`])
  await second.log.logged('upstream connected')
  expect(await answer(new Piko(second, agent))).toBe('here')
})

test('a service that is down is a 502, and up again is a 200', async () => {
  const { piko, service: first } = await pikoWithHttpService((_request, response) => {
    response.end('first')
  })
  expect(await answer(piko)).toBe('first')
  await first.close()
  expect(await answer(piko)).toBe('{"error":"upstream unreachable"}\n')
  const again = await HttpService.start(
    (_request, response) => void response.end('second'),
    first.port,
  )
  onTestFinished(async () => again.close())
  expect(await answer(piko)).toBe('second')
})

/** A server that answers each dial with the next status, the last one for ever. */
async function refusing(...statuses: number[]) {
  let dials = 0
  const server = createServer((_request, response) => {
    const status = statuses[Math.min(dials, statuses.length - 1)] as number
    dials += 1
    response.writeHead(status, { connection: 'close' })
    response.end(JSON.stringify({ error: `no ${status}` }))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(() => void server.close())
  return {
    address: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    dials: () => dials,
  }
}

test.each([401, 404])('a dial that is answered %i is the last one', async (status) => {
  const server = await refusing(status)
  const { log } = await startAgent(server.address, { port: 1 })
  await log.logged('refused by the server; giving up')
  const [entry] = log.fieldsOf('refused by the server; giving up')
  expect(entry?.['reason']).toContain(`${status}: no ${status}`)
  expect(server.dials()).toBe(1)
})

test.each([408, 429, 500, 502, 503, 504])(
  'a dial that is answered %i is tried again',
  async (status) => {
    const server = await refusing(status, 404)
    const { log } = await startAgent(server.address, { port: 1 })
    await log.logged('refused by the server; giving up')
    expect(server.dials()).toBe(2)
  },
)

test('an agent that shuts down lets requests finish', async () => {
  const { piko, service: raw } = await pikoWithRawService({ agentFlags: ['--grace-period', '20s'] })
  const client = await piko.dial()
  client.send(GET)
  const peer = await raw.connection()
  await peer.head()
  const stopped = piko.agent.stop()
  peer.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n')
  await client.head()
  peer.send('done')
  expect(await client.until('done')).toBe('done')
  await stopped
})

test('a node that shuts down lets requests finish, and then closes kept connections', async () => {
  const { piko, service: raw } = await pikoWithRawService({
    serverFlags: ['--grace-period', '20s'],
  })
  const client = await piko.dial()
  client.send(GET)
  const peer = await raw.connection()
  await peer.head()
  peer.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n')
  await client.head()
  const silent = await piko.dial()
  const stopped = piko.node.stop()
  await silent.ending()
  peer.send('done')
  expect(await client.until('done')).toBe('done')
  expect(await client.ending()).toBe('end')
  await stopped
})

const ASK = `GET / HTTP/1.1\r\n${TO}Connection: Upgrade\r\nUpgrade: x\r\n\r\n`
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'

test.each([
  ['a slow answer', GET, 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n'],
  ['an upgraded connection', ASK, SWITCH],
])('the grace period cuts %s', async (_name, request, head) => {
  const { piko, service: raw } = await pikoWithRawService()
  const client = await piko.dial()
  client.send(request)
  const peer = await raw.connection()
  await peer.head()
  peer.send(head)
  await client.head()
  await piko.node.stop()
  await client.ending()
  expect(piko.node.log.count('grace period is over; cutting what is still under way')).toBe(1)
  await peer.ending()
})

test('an agent cuts what its grace period does not suffice for', async () => {
  const { piko, service: raw } = await pikoWithRawService()
  const client = await piko.dial()
  client.send(GET)
  const peer = await raw.connection()
  await peer.head()
  await piko.agent.stop()
  expect((await client.message()).status).toBe(502)
  await peer.ending()
})
