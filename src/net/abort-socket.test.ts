import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { abortSocket } from './abort-socket.ts'

async function pair(): Promise<{ socket: Socket; peer: Socket }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  const [peer] = await accepted
  await once(socket, 'connect')
  return { socket, peer }
}

test('the peer of an aborted socket sees a reset', async () => {
  const { socket, peer } = await pair()
  const failed = once(peer, 'error') as Promise<[NodeJS.ErrnoException]>
  peer.resume()
  abortSocket(socket)
  expect((await failed)[0].code).toBe('ECONNRESET')
})

test.each([
  ['has just ended', (socket: Socket) => void socket.end()],
  ['ends behind bytes', (socket: Socket) => void socket.end('last words')],
])('a socket that %s closes too', async (_name, end) => {
  const { socket } = await pair()
  end(socket)
  abortSocket(socket)
  await once(socket, 'close')
  expect(socket.destroyed).toBe(true)
})

test('a socket that is still connecting closes', async () => {
  const { port } = (await pair()).peer.address() as AddressInfo
  const socket = connect({ host: '127.0.0.1', port })
  socket.end()
  abortSocket(socket)
  await once(socket, 'close')
  expect(socket.destroyed).toBe(true)
})
