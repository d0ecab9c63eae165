import { createSocket } from 'node:dgram'
import type { Socket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { PacketPort } from './packet-port.ts'

const sockets: Socket[] = []
const ports: PacketPort[] = []

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close()
  await Promise.all(ports.splice(0).map(async (port) => port.close()))
})

async function openSocket(host: string): Promise<Socket> {
  const socket = createSocket('udp4')
  sockets.push(socket)
  socket.bind(0, host)
  await once(socket, 'listening')
  return socket
}

function addressOf(node: Socket): string {
  return `127.0.0.1:${node.address().port}`
}

/** A number that is free for both protocols, most likely. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

interface OpenPort {
  readonly packetPort: PacketPort
  readonly number: number
  readonly heard: readonly string[]
}

/** A port that looks at ten datagrams of strangers a second. */
async function openPort(nodeAddresses: readonly string[]): Promise<OpenPort> {
  const heard: string[] = []
  const handler = {
    packet: (_from: string, bytes: Buffer) => heard.push(bytes.toString()),
    refused: () => {},
    nodeAddresses: () => nodeAddresses,
  }
  const packetPort = new PacketPort(handler, 10)
  ports.push(packetPort)
  const number = await freePort()
  await packetPort.bind({ host: '127.0.0.1', port: number })
  return { packetPort, number, heard }
}

/** Sends again and again, for datagrams may be lost, until one was heard. */
async function tell(socket: Socket, { number, heard }: OpenPort, text: string): Promise<void> {
  while (!heard.includes(text)) {
    await new Promise((sent) => socket.send(text, number, '127.0.0.1', sent))
    await new Promise(setImmediate)
  }
}

/** Sends so much that the port closes: the system says so to whoever is connected to it. */
async function flood(number: number): Promise<void> {
  const socket = await openSocket('127.0.0.2')
  const errors: Error[] = []
  socket.on('error', (error) => errors.push(error))
  socket.connect(number, '127.0.0.1')
  await once(socket, 'connect')
  while (errors.length === 0) {
    socket.send('flood')
    await new Promise(setImmediate)
  }
}

test('in a flood strangers are not even read, and nodes are', async () => {
  const nodes = [await openSocket('127.0.0.1'), await openSocket('127.0.0.1')]
  const port = await openPort(nodes.map(addressOf))
  await flood(port.number)
  for (const [i, node] of nodes.entries()) {
    await tell(node, port, `from node ${i}`)
    port.packetPort.send(addressOf(node), Buffer.from('answer'))
    const [answer] = (await once(node, 'message')) as [Buffer]
    expect(answer.toString()).toBe('answer')
  }
})

test('who is written to in a flood is heard, known or not', async () => {
  const node = await openSocket('127.0.0.1')
  const port = await openPort([])
  await flood(port.number)
  for (const text of ['one', 'two']) port.packetPort.send(addressOf(node), Buffer.from(text))
  const [question] = (await once(node, 'message')) as [Buffer]
  expect(['one', 'two']).toContain(question.toString())
  await tell(node, port, 'answer')
})

test('after a flood strangers are heard again, until the next one', async () => {
  const node = await openSocket('127.0.0.1')
  const port = await openPort([addressOf(node)])
  await flood(port.number)
  await tell(await openSocket('127.0.0.3'), port, 'new here')
  await flood(port.number)
  await tell(node, port, 'still here')
  expect(port.heard).toContain('still here')
})

test('a node with an address of another family is in nobody’s way', async () => {
  const node = await openSocket('127.0.0.1')
  const port = await openPort(['[::1]:8003', addressOf(node)])
  await flood(port.number)
  await tell(node, port, 'here')
  expect(port.heard).toContain('here')
})

test('a port that rests closes, and its number is free', async () => {
  const { packetPort, number } = await openPort([addressOf(await openSocket('127.0.0.1'))])
  await flood(number)
  await packetPort.close()
  const next = createSocket('udp4')
  sockets.push(next)
  next.bind(number, '127.0.0.1')
  await once(next, 'listening')
  expect(next.address().port).toBe(number)
})

test('a port that is taken is named in the error', async () => {
  const taken = (await openSocket('127.0.0.1')).address().port
  const handler = { packet: () => {}, refused: () => {}, nodeAddresses: () => [] }
  const bound = new PacketPort(handler, 10).bind({ host: '127.0.0.1', port: taken })
  await expect(bound).rejects.toThrow(`listen on 127.0.0.1:${taken} (UDP)`)
})
