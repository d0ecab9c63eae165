import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { loadConfig } from '../../src/config/load-config.ts'
import { forwardTcpConfig } from '../../src/forward/config.ts'
import { Forward } from '../../src/forward/forward.ts'
import { LogWatch } from '../support/log-watch.ts'
import { dialPort, ENDPOINT, startServer } from '../support/piko.ts'
import { endAt, PLACEMENTS, startForward, startTcpEdge, tcpPiko } from '../support/tcp.ts'
import type { Placement } from '../support/tcp.ts'
import { makeSigningKey, secondsFromNow, signToken } from '../support/token-keys.ts'

/** TCP from a local port through forward, nodes and agent to a service, and back. */

const CHUNK_BYTES = 64 * 1024

/** For tests that are much work, on machines that are busy. */
const LONG = { timeout: 120_000 }

async function forwarded(placement: Placement) {
  const piko = await tcpPiko(placement)
  const { address, log } = await startForward(piko.edge.addresses.proxy)
  const open = async () => {
    const client = await dialPort(address)
    return { client, peer: await piko.service.connection() }
  }
  return { ...piko, log, open }
}

/** Bytes that differ from chunk to chunk, written as the socket takes them. */
async function pour(socket: Socket, byteCount: number): Promise<string> {
  const hash = createHash('sha256')
  for (let left = byteCount, i = 0; left > 0; left -= CHUNK_BYTES, i++) {
    const chunk = Buffer.alloc(Math.min(left, CHUNK_BYTES), `chunk ${i} of the stream `)
    hash.update(chunk)
    if (!socket.write(chunk)) await once(socket, 'drain')
  }
  socket.end()
  return hash.digest('hex')
}

async function drink(socket: Socket): Promise<string> {
  const hash = createHash('sha256')
  socket.on('data', (chunk: Buffer) => hash.update(chunk))
  await once(socket, 'end')
  return hash.digest('hex')
}

/** A service that pours as much as it gets, at the same time. */
async function pouringService(byteCount: number) {
  const sums: Promise<readonly [poured: string, drunk: string]>[] = []
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sums.push(Promise.all([pour(socket, byteCount), drink(socket)]))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { port: (server.address() as AddressInfo).port, sums }
}

describe.each(PLACEMENTS)('with client and upstream on %s', (placement) => {
  test('64 MiB go both ways at once, and not a bit is lost', LONG, async () => {
    const byteCount = 64 * 1024 * 1024
    const { port, sums } = await pouringService(byteCount)
    const { edge } = await startTcpEdge(placement, { port })
    const { address } = await startForward(edge.addresses.proxy)
    const socket = connect({ ...address, allowHalfOpen: true })
    const [poured, drunk] = await Promise.all([pour(socket, byteCount), drink(socket)])
    expect(await sums[0]).toEqual([drunk, poured])
  })

  test('either side may end its direction and go on reading', async () => {
    const { open } = await forwarded(placement)
    const first = await open()
    first.client.send('last of the client')
    first.client.finish()
    expect(await first.peer.rest()).toBe('last of the client')
    first.peer.send('still talking')
    first.peer.finish()
    expect(await first.client.rest()).toBe('still talking')
    const second = await open()
    second.peer.send('last of the service')
    second.peer.finish()
    expect(await second.client.rest()).toBe('last of the service')
    second.client.send('still talking')
    second.client.finish()
    expect(await second.peer.rest()).toBe('still talking')
  })

  test('a reset on one side is a reset on the other', async () => {
    const { open } = await forwarded(placement)
    const first = await open()
    first.client.reset()
    expect(await first.peer.ending()).toBe('reset')
    const second = await open()
    second.peer.reset()
    expect(await second.client.ending()).toBe('reset')
  })

  test('a thousand connections at once, each with its own answer', LONG, async () => {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {})
      socket.pipe(socket)
    })
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1_024 })
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const { edge } = await startTcpEdge(placement, server.address() as AddressInfo)
    const { address } = await startForward(edge.addresses.proxy)
    const wires = await Promise.all(
      Array.from({ length: 1_000 }, async (_, i) => {
        const wire = await dialPort(address)
        wire.send(`hello ${i};`)
        return wire
      }),
    )
    const answers = await Promise.all(wires.map(async (wire) => wire.until(';')))
    expect(answers).toEqual(wires.map((_, i) => `hello ${i};`))
    for (const wire of wires) wire.finish()
    const rests = await Promise.all(wires.map(async (wire) => wire.rest()))
    expect(rests.join('')).toBe('')
  })

  test('a connection outlives every timeout', async () => {
    const piko = await tcpPiko(placement, ['--timeout', '20ms'])
    const { address } = await startForward(piko.edge.addresses.proxy, {
      flags: ['--connect.timeout', '500ms'],
    })
    const client = await dialPort(address)
    const peer = await piko.service.connection()
    // Somebody else runs into the same timeout meanwhile.
    const nowhere = await startForward(await silentPort(), {
      flags: ['--connect.timeout', '500ms'],
    })
    expect(await endAt(nowhere.address)).toBe('reset')
    client.send('ping')
    expect(await peer.until('ping')).toBe('ping')
  })
})

/** A port that takes connections and never says a word. */
async function silentPort() {
  const sockets: Socket[] = []
  const server = createServer((socket) => void sockets.push(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
}

test('a connection that Piko refuses is reset, and the log says why', async () => {
  const edge = await startServer()
  const { address, log } = await startForward(edge.addresses.proxy)
  expect(await endAt(address)).toBe('reset')
  const { reason, code } = await log.entry('failed to dial endpoint', () => true)
  expect([reason, code]).toEqual(['502: no available upstreams', 'no-upstream'])
  await edge.stop()
  expect(await endAt(address)).toBe('reset')
  await log.entry('failed to dial endpoint', (fields) => fields['code'] === 'unreachable')
})

test('a forward without a good token resets its clients and says why', async () => {
  const key = makeSigningKey('HS256')
  const edge = await startServer(['--proxy.auth.hmac-secret-key', key.verifier])
  const outcomes = [
    ['', '401: missing authorization'],
    ['no.to.ken', '401: invalid token'],
    [await signToken(key, { exp: secondsFromNow(-60) }), '401: expired token'],
    [await signToken(key, { piko: { endpoints: ['other'] } }), '401: endpoint not permitted'],
    [await signToken(key, { piko: { endpoints: [ENDPOINT] } }), '502: no available upstreams'],
  ] as const
  for (const [token, reason] of outcomes) {
    const flags = ['--connect.token', token]
    const { address, log } = await startForward(edge.addresses.proxy, { flags })
    expect(await endAt(address)).toBe('reset')
    expect((await log.entry('failed to dial endpoint', () => true))['reason']).toBe(reason)
  }
})

test('a port that is taken is said to be', async () => {
  const edge = await startServer()
  const { address } = await startForward(edge.addresses.proxy)
  const config = loadConfig(forwardTcpConfig, {})
  const ports = [{ addr: `${address.port}`, endpointId: 'e' }]
  await expect(new Forward({ ...config, ports }, new LogWatch()).start()).rejects.toThrow(
    `forward port: listen on 127.0.0.1:${address.port}: port ${address.port} is already in use`,
  )
})

test('a forward that stops resets its connections on both sides', async () => {
  const { edge, service } = await tcpPiko('one node')
  const { address, forward } = await startForward(edge.addresses.proxy)
  const client = await dialPort(address)
  const peer = await service.connection()
  await forward.shutdown()
  expect([await client.ending(), await peer.ending()]).toEqual(['reset', 'reset'])
})
