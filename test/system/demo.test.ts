import { once } from 'node:events'
import { request } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { dialPort } from '../support/piko.ts'
import { isAlive, RunningProgram } from '../support/running-program.ts'

/** The demo as `make demo` starts it, at free ports. */
function startDemo(ports: { proxy?: number } = {}): RunningProgram {
  const demo = new RunningProgram([
    '--import',
    'tsx',
    'examples/demo/main.ts',
    `--proxy-port=${ports.proxy ?? 0}`,
    '--upstream-port=0',
    '--admin-port=0',
  ])
  // Asked first: killed on the spot it could not end its own processes.
  onTestFinished(async () => void (await demo.stop('SIGTERM')))
  return demo
}

async function get(port: number, headers: Record<string, string>): Promise<string> {
  const sent = request({ host: '127.0.0.1', port, headers, agent: false }).end()
  const [response] = (await once(sent, 'response')) as [NodeJS.ReadableStream]
  return text(response)
}

/** What the demo runs: the cluster, its nodes, and the agents. */
const NAMES = ['cluster', 'n1', 'n2', 'n3', 'agent-1', 'agent-2']

async function pidOf(demo: RunningProgram, name: string): Promise<number> {
  return Number((await demo.line(new RegExp(`^${name} \\| pid (\\d+)`)))[1])
}

async function pidsOf(demo: RunningProgram): Promise<number[]> {
  return Promise.all(NAMES.map(async (name) => pidOf(demo, name)))
}

const all = (value: boolean) => NAMES.map(() => value)

test('the demo shows a request, takes more in both forms, and ends without a trace', async () => {
  const demo = startDemo()
  await demo.line(/Ctrl-C ends the demo/)
  const field = await demo.line(/^ {2}curl http:\/\/localhost:(\d+) -H '(x-piko-endpoint): (.*)'/)
  const host = await demo.line(/^ {2}curl --connect-to \S+:localhost:(\d+) http:\/\/(\S+)$/)

  await demo.line(/^Hello from the service behind my-endpoint/)
  const [, fieldPort, name = '', endpointId = ''] = field
  expect(await get(Number(fieldPort), { [name]: endpointId })).toContain('Hello')
  const [, hostPort, authority = ''] = host
  expect(authority).toBe(`my-endpoint.example.com:${hostPort}`)
  expect(await get(Number(hostPort), { host: authority })).toContain(`host: ${authority}`)

  const pids = await pidsOf(demo)
  expect(pids.map(isAlive)).toEqual(all(true))
  expect(await demo.stop('SIGINT')).toMatchObject({ code: 0, stderr: '' })
  expect(pids.map(isAlive)).toEqual(all(false))
})

test('the nodes are shown, and can be asked for by the printed commands', async () => {
  const demo = startDemo()
  for (const id of ['n1', 'n2', 'n3'])
    await demo.line(new RegExp(`^${id} +active +127\\.0\\.0\\.1:`))
  const [, line = ''] = await demo.line(
    /^ {2}bin\/piko (status upstream endpoints --forward n1.*)$/,
  )
  const { code, stdout } = await new RunningProgram(['dist/main.js', ...line.split(' ')]).ended
  expect([code, stdout]).toEqual([0, expect.stringContaining('endpoints:')])
})

test('when a node is killed, the others answer', async () => {
  const demo = startDemo()
  const [, port] = await demo.line(/^ {2}curl http:\/\/localhost:(\d+) /)
  await demo.line(/Ctrl-C ends the demo/)
  process.kill(await pidOf(demo, 'n2'), 'SIGKILL')
  await demo.line(/^n2 ended by itself \(SIGKILL\); 2 of 3 nodes go on without it$/)
  for (let i = 0; i < 6; i++) {
    expect(await get(Number(port), { 'x-piko-endpoint': 'my-endpoint' })).toContain('Hello')
  }
})

test.each(['SIGTERM', 'SIGHUP'] as const)('%s ends the demo like Ctrl-C', async (signal) => {
  const demo = startDemo()
  await demo.line(/Ctrl-C ends the demo/)
  const pids = await pidsOf(demo)
  expect(await demo.stop(signal)).toMatchObject({ code: 0 })
  expect(pids.map(isAlive)).toEqual(all(false))
})

test('a demo that is stopped while it starts leaves nothing behind', async () => {
  const demo = startDemo()
  const pid = await pidOf(demo, 'n1')
  expect(await demo.stop('SIGINT')).toMatchObject({ code: 0 })
  expect(isAlive(pid)).toBe(false)
})

test('a port that is taken is named, once, and nothing is left running', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void taken.close())
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo

  const demo = startDemo({ proxy: port })
  const { code, stdout, stderr } = await demo.ended
  expect(code).toBe(1)
  expect(stderr).toMatch(new RegExp(`^\\ndemo: proxy port: .*port ${port} is already in use`))
  expect(`${stdout}${stderr}`.match(/is already in use/g)).toHaveLength(1)
  expect(isAlive(await pidOf(demo, 'cluster'))).toBe(false)
})

test('when an agent dies, the demo ends', async () => {
  const demo = startDemo()
  await demo.line(/Ctrl-C ends the demo/)
  const pids = await pidsOf(demo)
  process.kill(await pidOf(demo, 'agent-1'), 'SIGKILL')
  const { code, stderr } = await demo.ended
  expect(code).toBe(1)
  expect(stderr).toContain('agent-1 ended by itself (SIGKILL)')
  expect(pids.map(isAlive)).toEqual(all(false))
})

test('when the cluster is killed, the demo ends, and the nodes by themselves', async () => {
  const demo = startDemo()
  const admins = await Promise.all(
    ['n1', 'n2', 'n3'].map(async (id) => {
      const [, port] = await demo.line(new RegExp(`^${id} .*, admin :(\\d+)$`))
      return dialPort({ host: '127.0.0.1', port: Number(port) })
    }),
  )
  await demo.line(/Ctrl-C ends the demo/)
  process.kill(await pidOf(demo, 'cluster'), 'SIGKILL')
  const { code, stderr } = await demo.ended
  expect(code).toBe(1)
  expect(stderr).toContain('cluster ended by itself (SIGKILL)')
  // The admin port is the last that a node closes.
  await Promise.all(admins.map(async (admin) => admin.ending()))
})

test.each([
  [['--proxy-port', 'http'], '--proxy-port: http is no port'],
  [['--prox-port', '1'], "Unknown option '--prox-port'"],
])('%s is refused with the usage', async (args, message) => {
  const demo = new RunningProgram(['--import', 'tsx', 'examples/demo/main.ts', ...args])
  const { code, stderr } = await demo.ended
  expect(code).toBe(2)
  expect(stderr).toContain(message)
  expect(stderr).toContain('Usage: npm run demo')
})
