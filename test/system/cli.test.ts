import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { RunningProgram } from '../support/running-program.ts'

/** The command line as a user meets it: real processes of the built program. */

const FREE_PORTS = [
  '--proxy.bind-addr=127.0.0.1:0',
  '--admin.bind-addr=127.0.0.1:0',
  '--cluster.gossip.bind-addr=127.0.0.1:0',
]

/** Ten lines that stand for a billion values. */
const ALIAS_BOMB = ['a: &a0 x\n']
  .concat(Array.from({ length: 9 }, (_, i) => `a${i}: &a${i + 1} [${`*a${i},`.repeat(10)}]\n`))
  .join('')

function piko(...args: readonly string[]): RunningProgram {
  return new RunningProgram(['dist/main.js', ...args])
}

function startServer(upstreamPort = 0): RunningProgram {
  return piko('server', ...FREE_PORTS, `--upstream.bind-addr=127.0.0.1:${upstreamPort}`)
}

test.each([
  [[], 'piko agent http [<endpoint> <addr>]'],
  [['agent'], 'piko agent start'],
  [['server'], '--proxy.bind-addr'],
  [['server', 'status'], 'piko server status cluster nodes'],
  [['agent', 'http'], '--connect.url'],
  [['agent', 'start'], '--config.path'],
  [['forward'], 'piko forward tcp <addr> <endpoint>'],
])('piko %j --help explains itself', async (words, text) => {
  const { code, stdout, stderr } = await piko(...words, '--help').ended
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toContain(text)
})

test('--version shows the version', async () => {
  const { code, stdout } = await piko('--version').ended
  expect(code).toBe(0)
  // A checkout has a commit; a package that was made of it says the same.
  expect(stdout).toMatch(/^piko \d+\.\d+\.\d+ \([0-9a-f]{12}(-changed)?\)\n$/)
})

test('a token on the command line is not what the process list shows', async () => {
  const agent = piko('agent', 'http', 'e', '1', '--connect.token', 'hunter2')
  await agent.line(/"msg":"disconnected"/)
  const { stdout } = await new RunningProgram([
    '-e',
    `console.log(require('fs').readFileSync('/proc/${agent.child.pid}/cmdline', 'latin1'))`,
  ]).ended
  expect(stdout).toContain('piko agent http e 1 --connect.token ***')
  expect(stdout).not.toContain('hunter2')
})

test('the first documents’ way to name several endpoints works', async () => {
  const server = startServer()
  const port = Number((await server.line(/"upstream-port":(\d+)/))[1])
  const endpoints = ['--endpoints', 'a/localhost:4000,b/4001', '--endpoints', 'c/http://localhost']
  piko('agent', ...endpoints, `--connect.url=http://127.0.0.1:${port}`)
  const connected = (id: string) => new RegExp(`"msg":"upstream connected","endpoint-id":"(${id})"`)
  const seen = ['a', 'b', 'c'].map(async (id) => (await server.line(connected(id)))[1])
  expect(await Promise.all(seen)).toEqual(['a', 'b', 'c'])
})

test.each([
  [['serer'], 'piko server'],
  [['server', '--proxy.timout', '3s'], '--proxy.timeout'],
  [['server', '--proxy.bind-addr'], 'needs a value'],
  [['agent', 'http'], '<endpoint>'],
  [['agent', 'http', 'my-endpoint'], '<addr>'],
  [['agent', 'http', 'my-endpoint', 'nowhere'], 'nowhere'],
  [['agent', 'start'], 'no listeners configured'],
  [['agent', 'tcp', 'my-endpoint', 'http://localhost:3000'], 'http://localhost:3000'],
  [['forward', 'tcp', '7000'], '<endpoint>'],
  [['forward', 'tcp', 'nowhere', 'my-endpoint'], 'nowhere'],
  [['forward', 'start'], 'no ports configured'],
])('piko %j is refused with a hint and exit code 2', async (args, hint) => {
  const { code, stdout, stderr } = await piko(...args).ended
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain(hint)
})

test.each([
  ['a mistyped key', ['server'], 'proxy:\n  timout: 30s\n', /^FILE:2:3: proxy: unknown key/],
  ['no YAML', ['server'], 'proxy: [\n', /^FILE:\d+:\d+: /],
  ['bytes', ['agent', 'start'], Buffer.of(0, 159, 146, 150), /^FILE/],
  ['nothing', ['forward', 'start'], '', /^FILE/],
  ['an alias bomb', ['server'], ALIAS_BOMB, /^FILE/],
  [
    'two keys',
    ['server'],
    'upstream: { auth: { hmac_secret_key: hunter2, jwks: { endpoint: https://id } } }\n',
    /^FILE:1:13: upstream: auth: no other verification key/,
  ],
  ['a key of every object', ['server'], '__proto__: { a: 1 }\n', /^FILE:1:1: unknown key/],
])('a file with %s is refused at its place, with exit code 2', async (_what, words, text, says) => {
  const folder = mkdtempSync(join(tmpdir(), 'piko-cli-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'piko.yaml')
  writeFileSync(file, text)
  const { code, stdout, stderr } = await piko(...words, '--config.path', file).ended
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr.replaceAll(file, 'FILE')).toMatch(says)
  expect(stderr).not.toMatch(/hunter2|^ +at |node:internal/m)
})

test('a port that is taken is named, with exit code 1', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void taken.close())
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  const { code, stderr } = await startServer(port).ended
  expect(code).toBe(1)
  expect(stderr).toContain(`port ${port} is already in use`)
})

test.each(['SIGINT', 'SIGTERM'] as const)('%s ends a node with exit code 0', async (signal) => {
  const server = startServer()
  await server.line(/"msg":"node started"/)
  expect(await server.stop(signal)).toMatchObject({ code: 0 })
})

test('an agent comes back after its node was killed, and ends with exit code 0', async () => {
  const first = startServer()
  const port = Number((await first.line(/"upstream-port":(\d+)/))[1])
  const agent = piko('agent', 'http', 'e', '1', `--connect.url=http://127.0.0.1:${port}`)
  await first.line(/"msg":"upstream connected"/)
  await first.stop('SIGKILL')
  await startServer(port).line(/"msg":"upstream connected"/)
  expect(await agent.stop('SIGTERM')).toMatchObject({ code: 0 })
})
