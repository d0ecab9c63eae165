import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { loadCommand } from '../config/load-config.ts'
import { section } from '../config/section.ts'
import { RecordingLogger } from '../log/recording-logger.ts'
import { MuxConn, MuxRuntime } from '../net/mux-conn.ts'
import { WebSocketAcceptor } from '../net/websocket-accept.ts'
import { DEFAULT_SESSION_CONFIG } from '../yamux/config.ts'
import { benchHttpConfig } from './config.ts'
import { HttpBench } from './http-bench.ts'

/** A server in few lines: one port for clients and upstreams, each request to the last upstream. */
class TinyPiko {
  readonly bodies: string[] = []
  /** What is answered instead of asking an upstream; gets the number of the request. */
  answer: (count: number, response: ServerResponse) => boolean = () => false
  readonly conns = new Map<string, MuxConn>()
  private readonly http: Server
  private readonly runtime = new MuxRuntime()
  private count = 0

  constructor() {
    const acceptor = new WebSocketAcceptor()
    this.http = createServer((request, response) => void this.serve(request, response))
    this.http.on('upgrade', (request, socket, head) => {
      acceptor.accept(request, socket, head, (transport) => {
        const owner = { accepted: () => {}, peerGoAway: () => {}, closed: () => {} }
        const config = { ...DEFAULT_SESSION_CONFIG, role: 'server', acceptStreams: false } as const
        const endpointId = request.url?.split('/').at(-1) ?? ''
        this.conns.set(endpointId, new MuxConn(transport, owner, { runtime: this.runtime, config }))
      })
    })
  }

  async listen(): Promise<string> {
    this.http.listen(0, '127.0.0.1')
    await once(this.http, 'listening')
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`
  }

  close(): void {
    this.http.close()
    this.http.closeAllConnections()
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = ''
    for await (const chunk of request.setEncoding('latin1')) body += chunk as string
    this.bodies.push(body)
    this.count += 1
    if (this.answer(this.count, response)) return
    const answer = await this.ask(String(request.headers['x-piko-endpoint']), body)
    response.end(answer.slice(answer.indexOf('\r\n\r\n') + 4), 'latin1')
  }

  private async ask(endpointId: string, body: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let text = ''
      const stream = this.conns.get(endpointId)?.open({
        data: (bytes) => {
          text += Buffer.from(bytes).toString('latin1')
          stream?.consumed(bytes.length)
        },
        end: () => {
          stream?.end()
          resolve(text)
        },
        drain: () => {},
        reset: reject,
      })
      const head = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`
      stream?.write(Buffer.from(head + body, 'latin1'))
    })
  }
}

const pikos: TinyPiko[] = []
afterEach(() => {
  for (const piko of pikos.splice(0)) piko.close()
})

async function start(...flags: string[]): Promise<{ piko: TinyPiko; bench: HttpBench }> {
  const piko = new TinyPiko()
  pikos.push(piko)
  const url = await piko.listen()
  return { piko, bench: benchAt(url, ...flags) }
}

function benchAt(url: string, ...flags: string[]): HttpBench {
  const urls = [`--connect.proxy-url=${url}`, `--connect.upstream-url=${url}`]
  const { config } = loadCommand({
    root: benchHttpConfig,
    own: section({}),
    argv: [...urls, ...flags],
    env: {},
  })
  return new HttpBench(config, new RecordingLogger())
}

const never = new AbortController().signal

test('sends as many requests as asked for, of the size, and counts the right answers', async () => {
  const { piko, bench } = await start('--requests=50', '--clients=5', '--size=300', '--upstreams=4')
  const report = await bench.run(never)
  expect(report).toMatchObject({ requests: 50, failed: 0, errors: {} })
  expect(report.latencyMs.p50).toBeGreaterThan(0)
  expect(report.latencyMs.p99).toBeLessThanOrEqual(report.latencyMs.max)
  // Each of the four endpoints was asked once beforehand.
  expect(piko.bodies).toHaveLength(54)
  expect(new Set(piko.bodies)).toEqual(new Set(['x'.repeat(300)]))
})

test('upstreams share the endpoints, and no endpoint is without one', async () => {
  const few = await start('--requests=1', '--clients=1', '--endpoints=3', '--upstreams=2')
  await few.bench.run(never)
  expect([...few.piko.conns.keys()].sort()).toEqual(['bench-0', 'bench-1'])
})

test('failures are counted by kind, and the run goes on', async () => {
  const flags = ['--requests=30', '--clients=1', '--size=5', '--endpoints=1', '--upstreams=1']
  const { piko, bench } = await start(...flags)
  piko.answer = (count, response) => {
    if (count === 3) response.writeHead(502).end('12345')
    else if (count === 5) response.end('1234567')
    else if (count === 7) response.socket?.destroy()
    else return false
    return true
  }
  const report = await bench.run(never)
  expect(report.requests).toBe(30)
  expect(report.failed).toBe(3)
  const kinds = Object.keys(report.errors)
  expect(kinds).toContain('status 502')
  expect(kinds).toContain('wrong length')
  expect(kinds).toHaveLength(3)
})

test('an abort ends the run with what was measured until then', async () => {
  const abort = new AbortController()
  const { piko, bench } = await start('--requests=1000000', '--clients=2', '--upstreams=1')
  piko.answer = (count) => {
    if (count === 20) abort.abort()
    return false
  }
  const report = await bench.run(abort.signal)
  expect(report.requests).toBeGreaterThan(10)
  expect(report.requests).toBeLessThan(30)
})

test('a server that nobody runs is named as the cause', async () => {
  const bench = benchAt('http://127.0.0.1:1', '--connect.timeout=100ms')
  await expect(bench.run(never)).rejects.toMatchObject({
    code: 'upstreams',
    cause: expect.objectContaining({ message: expect.stringContaining('127.0.0.1:1') }),
  })
})

test('upstreams that requests do not reach in time are told apart', async () => {
  const { piko, bench } = await start('--upstreams=1', '--connect.timeout=100ms')
  piko.answer = (_count, response) => {
    response.writeHead(502).end()
    return true
  }
  await expect(bench.run(never)).rejects.toMatchObject({
    code: 'endpoints',
    cause: { message: 'status 502' },
  })
})

test.each(['connect', 'server'])('files may name the servers under `%s`', (name) => {
  const folder = mkdtempSync(join(tmpdir(), 'piko-'))
  const path = join(folder, 'bench.yaml')
  writeFileSync(path, `${name}:\n  proxy_url: http://piko.example:80\n  timeout: 7s\n`)
  const argv = ['--config.path', path]
  const { config } = loadCommand({ root: benchHttpConfig, own: section({}), argv, env: {} })
  expect(config.connect).toMatchObject({ proxyUrl: 'http://piko.example:80', timeoutMs: 7_000 })
  rmSync(folder, { recursive: true })
})
