import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { dial, listen } from '../../src/client/index.ts'
import { ENDPOINT } from '../support/piko.ts'
import type { RunningServer } from '../support/piko.ts'
import { RunningProgram } from '../support/running-program.ts'
import { ask, startNode, startServing } from '../support/sdk.ts'

/** The examples, each run as its line in examples/README.md says. */

const LINES = Array.from(
  readFileSync('examples/README.md', 'utf8').matchAll(/^\| `node (\S+)` \|/gm),
  ([, path = '']) => path,
)

function run(name: string, url: string): RunningProgram {
  const path = LINES.find((line) => line.endsWith(`/${name}.js`))
  if (path === undefined) throw new Error(`${name} has no line in examples/README.md`)
  return new RunningProgram([path], { PIKO_URL: url })
}

/** Runs an upstream until it is connected. */
async function upstream(name: string): Promise<RunningServer> {
  const { node, url } = await startNode()
  await run(name, url).line(/connected/)
  return node
}

test('every example has a test', () => {
  const tested = ['http-server', 'express', 'hono', 'tcp-echo', 'fetch', 'redis']
  const names = LINES.map((path) => path.slice(path.lastIndexOf('/') + 1, -'.js'.length))
  expect(names).toEqual(tested)
})

test('http-server answers', async () => {
  const node = await upstream('http-server')
  expect(await (await ask(node, '/some/path')).text()).toBe('hello from /some/path\n')
})

test.each(['express', 'hono'])('%s answers', async (name) => {
  const node = await upstream(name)
  expect(await (await ask(node, '/hello/you')).text()).toBe('hello you\n')
  expect((await ask(node, '/nowhere')).status).toBe(404)
})

test('tcp-echo says what it hears', async () => {
  const node = await upstream('tcp-echo')
  const { port } = node.addresses.proxy
  const socket = await dial(ENDPOINT, { url: `http://127.0.0.1:${port}`, allowHalfOpen: true })
  socket.end('echo')
  expect(await text(socket)).toBe('echo')
})

test('fetch asks an endpoint', async () => {
  const { url, dialUrl } = await startNode()
  await startServing(url, (request) => new Response(new URL(request.url).pathname))
  const { code, stdout } = await run('fetch', dialUrl).ended
  expect([code, stdout]).toEqual([0, '200 /hello/you\n'])
})

const hasRedis = spawnSync('redis-server', ['--version']).error === undefined
if (!hasRedis) process.stderr.write('skipped: redis-server is not installed\n')

/** A redis-server as the upstream `my-redis`; resolves with where it listens. */
async function startRedis(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'piko-redis-'))
  const path = join(folder, 'redis.sock')
  const server = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--save', ''], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  onTestFinished(async () => {
    server.kill('SIGKILL')
    await once(server, 'close')
    rmSync(folder, { recursive: true })
  })
  for await (const chunk of server.stdout.iterator({ destroyOnReturn: false })) {
    if (String(chunk).includes('eady to accept connections')) break
  }
  server.stdout.resume()
  return path
}

test.skipIf(!hasRedis)('redis answers its client', async () => {
  const path = await startRedis()
  const { url, dialUrl } = await startNode()
  const listener = await listen('my-redis', { url })
  onTestFinished(async () => listener.shutdown())
  listener.on('connection', (connection) => {
    pipeline(connection, connect(path), connection, () => {})
  })
  const { code, stdout, stderr } = await run('redis', dialUrl).ended
  expect([code, stdout, stderr]).toEqual([0, 'PONG\n', ''])
})
