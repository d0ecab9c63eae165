import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { SilentConnections } from './silent-connections.ts'

/** A port that knows of its connections what the class tells, in order. */
async function listening(silenceMs: () => number) {
  const told: string[] = []
  let heard = (): void => {}
  const silent = new SilentConnections({
    silenceMs,
    spoke: (socket) => {
      told.push(`spoke ${String(socket.read())}`)
      heard()
    },
    expired: () => told.push('expired'),
  })
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {})
    silent.add(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const come = async (): Promise<{ client: Socket; socket: Socket }> => {
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
    client.on('error', () => {}).resume()
    onTestFinished(() => void client.destroy())
    const [socket] = (await once(server, 'connection')) as [Socket]
    return { client, socket }
  }
  const spoken = new Promise<void>((resolve) => (heard = resolve))
  return { told, silent, come, spoken }
}

test('the first bytes of a connection are read by whoever hears that they came', async () => {
  const { told, silent, come, spoken } = await listening(() => 0)
  const { client, socket } = await come()
  expect(told).toEqual([])
  client.write('hello')
  await spoken
  expect(told).toEqual(['spoke hello'])
  // It is none of the silent ones any more.
  silent.close()
  expect(socket.destroyed).toBe(false)
})

test('who says nothing in time is closed', async () => {
  const silenceMs = 50
  const { told, come } = await listening(() => silenceMs)
  const fromMs = performance.now()
  const all = await Promise.all(Array.from({ length: 9 }, come))
  const closed = all.map(async ({ client }) => once(client, 'close'))
  await Promise.all(closed)
  expect(performance.now() - fromMs).toBeGreaterThanOrEqual(silenceMs)
  expect(told).toEqual(all.map(() => 'expired'))
})

test('whoever is silent stays once there is no limit any more', async () => {
  const limit = { silenceMs: 20, asked: (): void => {} }
  const { told, come } = await listening(() => {
    limit.asked()
    return limit.silenceMs
  })
  const { socket } = await come()
  const looked = new Promise<void>((resolve) => (limit.asked = resolve))
  limit.silenceMs = 0
  await looked
  expect(told).toEqual([])
  expect(socket.destroyed).toBe(false)
})

test('who leaves without a word is gone, and nobody hears of it', async () => {
  const { told, come } = await listening(() => 60_000)
  const ended = await come()
  ended.client.end()
  await once(ended.socket, 'close')
  const reset = await come()
  const broken = new Promise((resolve) => reset.socket.once('close', resolve))
  reset.client.resetAndDestroy()
  await broken
  expect(told).toEqual([])
})

test('when the port closes nobody is waited for', async () => {
  const { told, silent, come } = await listening(() => 60_000)
  const { client } = await come()
  silent.close()
  expect(await once(client, 'close')).toEqual([false])
  expect(told).toEqual([])
})
