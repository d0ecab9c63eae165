import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import type { HostPort } from '../std/host-port.ts'
import { TcpBalancer } from './tcp-balancer.ts'

const HOST = '127.0.0.1'

/** A port that sends its name behind what it was sent, and ends. */
async function echo(name: string): Promise<HostPort> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.pipe(socket, { end: false })
    socket.once('end', () => socket.end(` ${name}`))
  })
  return listening(server)
}

async function listening(server: Server): Promise<HostPort> {
  server.listen(0, HOST)
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { host: HOST, port: (server.address() as AddressInfo).port }
}

/** A port where nobody listens. */
async function deadPort(): Promise<HostPort> {
  const server = createServer().listen(0, HOST)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return { host: HOST, port }
}

async function balancing(targets: readonly HostPort[]): Promise<HostPort> {
  const balancer = new TcpBalancer(() => targets)
  onTestFinished(async () => balancer.close())
  return balancer.listen({ host: HOST, port: 0 }, 'test')
}

function dial({ host, port }: HostPort): Socket {
  return connect({ host, port, allowHalfOpen: true })
}

async function ask(address: HostPort): Promise<string> {
  const socket = dial(address)
  socket.end('hello')
  return text(socket)
}

test('connections go to the targets in turn', async () => {
  const address = await balancing([await echo('a'), await echo('b'), await echo('c')])
  const answers: string[] = []
  for (let i = 0; i < 6; i++) answers.push(await ask(address))
  expect(new Set(answers.slice(0, 3))).toEqual(new Set(['hello a', 'hello b', 'hello c']))
  expect(answers.slice(3)).toEqual(answers.slice(0, 3))
})

test('a target that does not answer is passed over, with all that the client sent', async () => {
  const address = await balancing([await deadPort(), await echo('b'), await deadPort()])
  for (let i = 0; i < 3; i++) expect(await ask(address)).toBe('hello b')
})

test.each([
  ['without targets', async () => []],
  ['when none answers', async () => [await deadPort(), await deadPort()]],
])('%s the connection is reset', async (_when, targets) => {
  const socket = dial(await balancing(await targets()))
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
  expect(error.code).toBe('ECONNRESET')
})

test('what broke off behind the balancer does not look like an end', async () => {
  const target = await listening(
    createServer((socket) => {
      socket.once('data', () => socket.resetAndDestroy())
    }),
  )
  const socket = dial(await balancing([target]))
  socket.write('hello')
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
  expect(error.code).toBe('ECONNRESET')
})
