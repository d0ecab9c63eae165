import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { Bans } from './bans.ts'
import { ConnectionLimits } from './connection-limits.ts'
import type { ConnectionLimit } from './connection-limits.ts'
import { NetworkSet } from './network-set.ts'

const PORT = { refusal: 'go away', silenceMs: () => 0, wasSilent: () => {} }

interface Limits {
  readonly max: number
  readonly maxPerAddress: number
  readonly exempt?: readonly string[]
  readonly banMs?: number
}

async function guarded(given: Limits) {
  const exceeded: ConnectionLimit[] = []
  const server = createServer()
  const exempt = new NetworkSet(given.exempt ?? [])
  const bans = new Bans({ banMs: given.banMs ?? 0, exempt, heldMax: 1 })
  const limits = new ConnectionLimits({
    ...given,
    exempt,
    bans,
    exceeded: (limit) => exceeded.push(limit),
  })
  limits.guard(server, PORT)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { server, exceeded, bans }
}

/** The server's side of a connection, and what the client heard when that closed. */
async function come(server: Server): Promise<{ socket: Socket; heard: Promise<string> }> {
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.write('hello')
  let text = ''
  client.setEncoding('latin1').on('data', (piece: string) => (text += piece))
  client.on('error', () => {})
  const heard = new Promise<string>((resolve) => client.once('close', () => resolve(text)))
  const [socket] = (await once(server, 'connection')) as [Socket]
  onTestFinished(() => void client.destroy())
  return { socket, heard }
}

test('one too many from an address is told so, and one that leaves makes room', async () => {
  const { server, exceeded } = await guarded({ max: 0, maxPerAddress: 1 })
  const first = await come(server)
  const second = await come(server)
  expect(await second.heard).toBe('go away')
  expect(exceeded).toEqual(['max_connections_per_address'])
  first.socket.destroy()
  await once(first.socket, 'close')
  const third = await come(server)
  third.socket.end('welcome')
  expect(await third.heard).toBe('welcome')
})

test('a socket that is announced twice counts once', async () => {
  const { server, exceeded } = await guarded({ max: 0, maxPerAddress: 1 })
  const { socket, heard } = await come(server)
  server.emit('connection', socket)
  socket.end('welcome')
  expect(await heard).toBe('welcome')
  expect(exceeded).toEqual([])
})

test('who is exempt is not counted', async () => {
  const { server, exceeded } = await guarded({ max: 0, maxPerAddress: 1, exempt: ['127.0.0.0/8'] })
  const both = [await come(server), await come(server)]
  for (const { socket } of both) socket.end('welcome')
  expect(await Promise.all(both.map(async ({ heard }) => heard))).toEqual(['welcome', 'welcome'])
  expect(exceeded).toEqual([])
})

test('who is banned waits without a word, and may come again when it is over', async () => {
  const banMs = 50
  const { server, exceeded, bans } = await guarded({ max: 0, maxPerAddress: 0, banMs })
  bans.ban('127.0.0.1')
  const bannedMs = performance.now()
  expect(await (await come(server)).heard).toBe('')
  expect(exceeded).toEqual(['flood_ban'])
  await expect
    .poll(async () => {
      const { socket, heard } = await come(server)
      socket.end('welcome')
      return heard
    })
    .toBe('welcome')
  expect(performance.now() - bannedMs).toBeGreaterThanOrEqual(banMs)
})

test('more of the banned than are held are closed at once', async () => {
  const { server, bans } = await guarded({ max: 0, maxPerAddress: 0, banMs: 60_000 })
  bans.ban('127.0.0.1')
  const held = await come(server)
  expect(await (await come(server)).heard).toBe('')
  expect(held.socket.destroyed).toBe(false)
  bans.close()
  expect(await held.heard).toBe('')
})

test('who is banned waits no longer than the port is open', async () => {
  const { server, bans } = await guarded({ max: 0, maxPerAddress: 0, banMs: 60_000 })
  bans.ban('127.0.0.1')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  onTestFinished(() => void client.destroy())
  await once(server, 'connection')
  bans.close()
  const closed = once(client.resume(), 'close')
  expect(await closed).toEqual([false])
})

test('too many heads that nobody can read are a flood', async () => {
  const { bans, exceeded, server } = await guarded({ max: 0, maxPerAddress: 0, banMs: 60_000 })
  const floods = Array.from({ length: 21 }, () => bans.sentBrokenHead('127.0.0.1'))
  expect(floods.lastIndexOf(false)).toBe(19)
  expect(floods[20]).toBe(true)
  await come(server)
  expect(exceeded).toEqual(['flood_ban'])
})

test('soon after a ban a few such heads are enough', async () => {
  const { bans } = await guarded({ max: 0, maxPerAddress: 0, banMs: 60_000 })
  bans.ban('127.0.0.1')
  const floods = Array.from({ length: 6 }, () => bans.sentBrokenHead('127.0.0.1'))
  expect(floods).toEqual([false, false, false, false, false, true])
})

test('who listened before hears only of those who may come in', async () => {
  const server = createServer()
  let readCount = 0
  server.on('connection', () => (readCount += 1))
  const limits = new ConnectionLimits({
    max: 0,
    maxPerAddress: 1,
    exempt: new NetworkSet([]),
    exceeded: () => {},
  })
  limits.guard(server, PORT)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const first = await come(server)
  expect(await (await come(server)).heard).toBe('go away')
  await expect.poll(() => readCount).toBe(1)
  first.socket.destroy()
})

test('nobody bans who is exempt', async () => {
  const exempt = ['127.0.0.0/8']
  const { server, bans } = await guarded({ max: 0, maxPerAddress: 0, banMs: 60_000, exempt })
  bans.ban('127.0.0.1')
  const { socket, heard } = await come(server)
  socket.end('welcome')
  expect(await heard).toBe('welcome')
})
