import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { ClientConnections } from './client-connections.ts'

/** A port whose connections are looked after, with clients that were let in. */
async function opened(count: number) {
  const connections = new ClientConnections()
  const server = createServer({ allowHalfOpen: true })
  const sockets: Socket[] = []
  server.on('connection', (socket) => {
    connections.add(socket)
    sockets.push(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const clients = Array.from({ length: count }, () => connect(port, '127.0.0.1').resume())
  onTestFinished(() => {
    for (const socket of [...clients, ...sockets]) socket.destroy()
    server.close()
  })
  await expect.poll(() => sockets.length).toBe(count)
  return { connections, server, sockets: sockets as [Socket, Socket, ...Socket[]] }
}

test('a leaving node closes idle connections at once, others when they are done', async () => {
  const { connections, server, sockets } = await opened(2)
  const [idle, busy] = sockets
  const ends = [connections.begin(busy, () => {}), connections.begin(busy, () => {})]
  const drained = connections.drain(server, () => {})
  await once(idle, 'close')
  ends[0]?.()
  expect(busy.writableEnded).toBe(false)
  ends[1]?.()
  await drained
  expect(busy.closed).toBe(true)
})

test('a request hears of the end of its connection, unless it was over before', async () => {
  const { connections, sockets } = await opened(2)
  const heard: string[] = []
  const end = connections.begin(sockets[0], () => heard.push('over'))
  connections.begin(sockets[0], () => heard.push('under way'))
  connections.begin(sockets[1], () => heard.push('another'))
  end()
  sockets[0].destroy()
  await expect.poll(() => heard).toEqual(['under way'])
})

test('a connection is busy while a request is under way on it', async () => {
  const { connections, sockets } = await opened(2)
  const end = connections.begin(sockets[0], () => {})
  // node:http reads a connection a second time: what is under way on it stays.
  connections.add(sockets[0])
  expect(sockets.map((socket) => connections.isBusy(socket))).toEqual([true, false])
  end()
  expect(connections.isBusy(sockets[0])).toBe(false)
})

test('a cut ends the wait, whatever is under way', async () => {
  const { connections, server, sockets } = await opened(2)
  for (const socket of sockets) connections.begin(socket, () => {})
  const drained = connections.drain(server, () => {})
  connections.destroy()
  await drained
  expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true, true])
})
