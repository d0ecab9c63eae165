import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream'
import type { Duplex } from 'node:stream'
import { promisify } from 'node:util'
import pg from 'pg'
import { createClient } from 'redis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { dial } from '../../src/client/dial.ts'
import { PikoError } from '../../src/client/piko-error.ts'
import { startPostgres, startRedis, whyNoPostgres, whyNoRedis } from '../support/database-server.ts'
import { ENDPOINT, startServer } from '../support/piko.ts'
import type { RunningServer } from '../support/piko.ts'
import { PLACEMENTS, startForward, startTcpEdge, tcpPiko } from '../support/tcp.ts'
import type { Placement } from '../support/tcp.ts'

/** Real clients of real servers, over `dial` and through `piko forward`. */

const run = promisify(execFile)
const redisObstacle = whyNoRedis()
const postgresObstacle = whyNoPostgres()
for (const obstacle of [redisObstacle, postgresObstacle]) {
  if (obstacle !== undefined) process.stderr.write(`skipped: ${obstacle}\n`)
}

async function dialEdge({ addresses }: RunningServer, allowHalfOpen = false): Promise<Duplex> {
  return dial(ENDPOINT, { url: `http://127.0.0.1:${addresses.proxy.port}`, allowHalfOpen })
}

async function redisEdge(placement: Placement): Promise<RunningServer> {
  const { edge } = await startTcpEdge(placement, await startRedis())
  return edge
}

describe.skipIf(redisObstacle)('redis', () => {
  test.each(PLACEMENTS)('redis-cli through a forward, on %s', async (placement) => {
    const edge = await redisEdge(placement)
    const { address } = await startForward(edge.addresses.proxy)
    const { stdout } = await run('redis-cli', ['-p', String(address.port), 'PING'])
    expect(stdout).toBe('PONG\n')
  })

  test.each(PLACEMENTS)('the redis package over dial, on %s', async (placement) => {
    const edge = await redisEdge(placement)
    // It connects by itself: to a port in this process behind which every connection is dialled.
    const server = createServer((socket) => {
      void dialEdge(edge).then((connection) => pipeline(socket, connection, socket, () => {}))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const client = createClient({ url: `redis://127.0.0.1:${port}` })
    await client.connect()
    const keys = Array.from({ length: 1_000 }, (_, i) => `key:${i}`)
    await Promise.all(keys.map(async (key) => client.set(key, key.repeat(100))))
    const values = await Promise.all(keys.map(async (key) => client.get(key)))
    expect(values).toEqual(keys.map((key) => key.repeat(100)))
    await client.close()
  })
})

describe.skipIf(postgresObstacle)('PostgreSQL', () => {
  test.each(PLACEMENTS)('the pg package over dial, on %s', async (placement) => {
    const { edge } = await startTcpEdge(placement, await startPostgres())
    const connection = await dialEdge(edge)
    const client = new pg.Client({
      user: 'postgres',
      database: 'postgres',
      ssl: false,
      stream: () => connection,
    })
    await client.connect()
    await client.query('CREATE TABLE words (id int PRIMARY KEY, word text)')
    await client.query(
      "INSERT INTO words SELECT i, repeat('x', 1000) FROM generate_series(1,5000) i",
    )
    const { rows } = await client.query<{ id: number; word: string }>('SELECT * FROM words')
    expect([rows.length, rows.at(-1)?.id, rows.at(-1)?.word.length]).toEqual([5_000, 5_000, 1_000])
    await client.end()
  })
})

test.each(PLACEMENTS)('a dialled connection ends each way by itself, on %s', async (placement) => {
  const { edge, service } = await tcpPiko(placement)
  const connection = await dialEdge(edge, true)
  const peer = await service.connection()
  connection.end('all I have')
  expect(await peer.rest()).toBe('all I have')
  peer.send('and this is mine')
  peer.finish()
  let heard = ''
  for await (const chunk of connection) heard += (chunk as Buffer).toString()
  expect(heard).toBe('and this is mine')
})

test.each(PLACEMENTS)(
  'a reset is an error, and destroying is a reset, on %s',
  async (placement) => {
    const { edge, service } = await tcpPiko(placement)
    const first = await dialEdge(edge)
    const peer = await service.connection()
    peer.reset()
    const [error] = (await once(first, 'error')) as [PikoError]
    expect(error.code).toBe('reset')
    const second = await dialEdge(edge)
    const other = await service.connection()
    second.destroy()
    expect(await other.ending()).toBe('reset')
  },
)

test('a dial to an endpoint that nobody serves fails with what Piko said', async () => {
  const edge = await startServer()
  const error = await dialEdge(edge).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(PikoError)
  expect(error).toMatchObject({ code: 'no-upstream', status: 502, retryable: true })
})

test('what the program writes stays as it was', async () => {
  const { edge, service } = await tcpPiko('one node')
  const connection = await dialEdge(edge)
  const peer = await service.connection()
  const mine = Buffer.alloc(100_000, 'mine')
  connection.write(mine)
  expect((await peer.bytes(mine.length)).equals(Buffer.alloc(100_000, 'mine'))).toBe(true)
  expect(mine.equals(Buffer.alloc(100_000, 'mine'))).toBe(true)
  connection.destroy()
})
