import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SocketPool } from './socket-pool.ts'
import type { PooledSocket, SocketPoolOptions, SocketUser } from './socket-pool.ts'
import { TurnFlush } from './turn-flush.ts'

/** A user that keeps what it is told. */
class Noting implements SocketUser {
  text = ''
  readonly events: string[] = []
  wake: () => void = () => {}

  received(chunk: Buffer): void {
    this.text += chunk.toString()
    this.wake()
  }

  ended(): void {
    this.note('ended')
  }

  drained(): void {
    this.note('drained')
  }

  lost(error: Error | undefined): void {
    this.note(error === undefined ? 'lost' : 'broken')
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
  }

  private note(event: string): void {
    this.events.push(event)
    this.wake()
  }
}

let server: Server
const peers: Socket[] = []
const pools: SocketPool[] = []

beforeEach(async () => {
  server = createServer((socket) => {
    socket.on('error', () => {})
    peers.push(socket)
    socket.write('hi')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})

afterEach(() => {
  for (const made of pools.splice(0)) made.close()
  for (const peer of peers.splice(0)) peer.destroy()
  server.close()
})

function pool(options: Partial<SocketPoolOptions> = {}): SocketPool {
  const { port } = server.address() as AddressInfo
  const address = { host: '127.0.0.1', port }
  const made = new SocketPool({
    address,
    tls: undefined,
    idleMax: 2,
    idleTimeoutMs: 60_000,
    keepAliveMs: 0,
    turn: new TurnFlush(),
    ...options,
  })
  pools.push(made)
  return made
}

/** Dials, and waits until the connection has been heard from. */
async function dialled(from: SocketPool): Promise<PooledSocket> {
  const user = new Noting()
  const pooled = from.dial(user)
  await user.until(() => user.text === 'hi')
  return pooled
}

test('the socket that was used last is taken first', async () => {
  const from = pool()
  const [first, second] = [await dialled(from), await dialled(from)]
  from.release(first)
  from.release(second)
  expect(from.take(new Noting(), Infinity)).toBe(second)
  expect(from.take(new Noting(), Infinity)).toBe(first)
  expect(from.take(new Noting(), Infinity)).toBeUndefined()
  expect([first.reused, first.receivedBytes]).toEqual([true, 0])
})

test('what is written in a turn leaves as one at its end', async () => {
  const pooled = await dialled(pool())
  const { socket } = pooled
  pooled.write('a head and ')
  pooled.write(Buffer.from('a body'))
  expect([socket.writableLength, socket.bytesWritten]).toEqual([17, 17])
  const [heard] = (await once(peers[0] as Socket, 'data')) as [Buffer]
  expect(heard.toString()).toBe('a head and a body')
  expect(socket.writableLength).toBe(0)
})

test('a socket that was idle for too long is left for those who take it', async () => {
  const from = pool()
  const pooled = await dialled(from)
  from.release(pooled)
  expect(from.take(new Noting(), -1)).toBeUndefined()
  expect(from.take(new Noting(), Infinity)).toBe(pooled)
})

test('above the most that may be idle, sockets are closed', async () => {
  const from = pool({ idleMax: 1 })
  const [first, second] = [await dialled(from), await dialled(from)]
  from.release(first)
  from.release(second)
  expect([first.socket.destroyed, second.socket.destroyed]).toEqual([false, true])
})

test('an idle socket whose peer speaks or ends is never taken', async () => {
  const from = pool()
  const [first, second] = [await dialled(from), await dialled(from)]
  from.release(first)
  from.release(second)
  const closed = [once(first.socket, 'close'), once(second.socket, 'close')]
  peers[0]?.write('out of turn')
  peers[1]?.end()
  await Promise.all(closed)
  expect(from.take(new Noting(), Infinity)).toBeUndefined()
})

test('a user hears of the end, and of the loss once', async () => {
  const user = new Noting()
  const pooled = pool().dial(user)
  await user.until(() => user.text === 'hi')
  peers[0]?.end()
  await user.until(() => user.events.length === 1)
  pooled.socket.end()
  await user.until(() => user.events.length === 2)
  expect(user.events).toEqual(['ended', 'lost'])
})

test('a port that nobody listens on is a loss with an error', async () => {
  const user = new Noting()
  const from = pool()
  server.close()
  from.dial(user)
  await user.until(() => user.events.length > 0)
  expect(user.events).toEqual(['broken'])
})

test('what a peer said before it broke the connection is read, and its end is no end', async () => {
  const user = new Noting()
  const pooled = pool().dial(user)
  await user.until(() => user.text === 'hi')
  pooled.socket.pause()
  // Something that the peer has not read, so that it breaks off with RST behind its last words.
  pooled.socket.write('unread')
  await once(peers[0] as Socket, 'readable')
  peers[0]?.write('last words')
  await new Promise((resolve) => peers[0]?.destroy().once('close', resolve))
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => pooled.socket.write('into nothing', resolve))
  }
  pooled.socket.resume()
  await user.until(() => user.events.length > 0)
  expect([user.text, user.events]).toEqual(['hilast words', ['broken']])
})

test('after destroy and detach the user hears nothing', async () => {
  const from = pool()
  const user = new Noting()
  const pooled = from.dial(user)
  await user.until(() => user.text === 'hi')
  const closed = once(pooled.socket, 'close')
  pooled.destroy()
  await closed
  const other = new Noting()
  const handed = from.dialDetachable(other)
  await other.until(() => other.text === 'hi')
  const socket = handed.detach()
  const heard = once(socket, 'data')
  peers.at(-1)?.write('for the new owner')
  await heard
  socket.destroy()
  expect([user.events, other.events, other.text]).toEqual([[], [], 'hi'])
})

test('a closed pool keeps nothing', async () => {
  const from = pool()
  const [idle, used] = [await dialled(from), await dialled(from)]
  from.release(idle)
  from.close()
  from.release(used)
  expect([idle.socket.destroyed, used.socket.destroyed]).toEqual([true, true])
})
