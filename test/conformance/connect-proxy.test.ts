import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Server, Socket } from 'node:net'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { ClientTls } from '../../src/net/client-tls.ts'
import { WebSocketAcceptor } from '../../src/net/websocket-accept.ts'
import { dialWebSocket } from '../../src/net/websocket-dial.ts'
import { readCertificate, TestAuthority } from '../support/certificates.ts'
import { startConnectProxy } from '../support/connect-proxy.ts'

/** Tunnels through an HTTP proxy, by CONNECT (RFC 9110 §9.3.6). */

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** A WebSocket server that says hello. */
async function startTarget(server: Server = createServer()): Promise<number> {
  const acceptor = new WebSocketAcceptor()
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) =>
    acceptor.accept(request, socket, head, (transport) => {
      transport.start({ bytes() {}, drained() {}, transportClosed() {} })
      const hello = Buffer.concat([Buffer.alloc(14), Buffer.from('hello')]).subarray(14)
      transport.send([hello], hello.length)
    }),
  )
  return listening(server)
}

interface Dial {
  readonly target: string
  readonly proxy: string
  readonly kind: 'own' | 'ws'
  readonly tls?: ClientTls
}

/** What the target says first. */
async function greeting({ target, proxy, kind, tls }: Dial): Promise<string> {
  const transport = await dialWebSocket({
    url: new URL(target),
    headers: {},
    timeoutMs: 5_000,
    signal: new AbortController().signal,
    proxyUrl: new URL(proxy),
    kind,
    tls,
  })
  onTestFinished(() => transport.destroy())
  return new Promise((resolve) => {
    transport.start({
      bytes: (chunk) => resolve(Buffer.from(chunk).toString()),
      drained() {},
      transportClosed() {},
    })
  })
}

afterEach(() => {
  vi.unstubAllEnvs()
})

test.each(['own', 'ws'] as const)('%s: the proxy is asked, with credentials', async (kind) => {
  const port = await startTarget()
  const proxy = await startConnectProxy()
  const target = `ws://127.0.0.1:${port}`
  expect(await greeting({ target, proxy: proxy.url, kind })).toBe('hello')
  expect(proxy.requests).toHaveLength(1)
  expect(proxy.requests[0]).toMatchObject({ method: 'CONNECT', url: `127.0.0.1:${port}` })
})

test.each(['own', 'ws'] as const)('%s: TLS goes through to the other end', async (kind) => {
  const authority = new TestAuthority()
  const { cert, key } = readCertificate(authority.issue())
  const port = await startTarget(createTlsServer({ cert, key }))
  const proxy = await startConnectProxy()
  const tls = new ClientTls({ rootCas: authority.pem })
  const dial = { target: `wss://127.0.0.1:${port}`, proxy: proxy.url, kind }
  expect(await greeting({ ...dial, tls })).toBe('hello')
  expect(proxy.requests).toHaveLength(1)
  await expect(greeting(dial)).rejects.toMatchObject({ code: 'network' })
})

test.each(['own', 'ws'] as const)('%s: a host in NO_PROXY is dialled directly', async (kind) => {
  const port = await startTarget()
  const proxy = await startConnectProxy()
  vi.stubEnv('NO_PROXY', 'other.example,127.0.0.0/8')
  const target = `ws://127.0.0.1:${port}`
  expect(await greeting({ target, proxy: proxy.url, kind })).toBe('hello')
  expect(proxy.requests).toHaveLength(0)
})

test.each(['own', 'ws'] as const)('%s: a refusal is the proxy’s, without secrets', async (kind) => {
  const proxy = await startConnectProxy()
  const url = `http://me:secret@127.0.0.1:${proxy.port}`
  const failure = await greeting({ target: 'ws://127.0.0.1:1', proxy: url, kind }).catch(
    (error: unknown) => error,
  )
  expect(failure).toMatchObject({
    code: 'proxy',
    status: 407,
    message: `proxy 127.0.0.1:${proxy.port}: 407: Proxy Authentication Required`,
  })
})

test('a proxy that is not there is named', async () => {
  const free = createServer()
  const port = await listening(free)
  free.close()
  await expect(
    greeting({ target: 'ws://127.0.0.1:1', proxy: `http://127.0.0.1:${port}`, kind: 'own' }),
  ).rejects.toMatchObject({ code: 'network', message: `no answer from proxy 127.0.0.1:${port}` })
})
