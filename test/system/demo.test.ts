import { once } from 'node:events'
import { request } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
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

async function pidOf(demo: RunningProgram, name: 'node' | 'agent'): Promise<number> {
  return Number((await demo.line(new RegExp(`^${name} +\\| pid (\\d+)`)))[1])
}

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

  const pids = [await pidOf(demo, 'node'), await pidOf(demo, 'agent')]
  expect(pids.map(isAlive)).toEqual([true, true])
  expect(await demo.stop('SIGINT')).toMatchObject({ code: 0, stderr: '' })
  expect(pids.map(isAlive)).toEqual([false, false])
})

test('the admin addresses that the demo prints answer', async () => {
  const demo = startDemo()
  const [, port] = await demo.line(/^ {2}http:\/\/localhost:(\d+)\/status\/upstream\/endpoints$/)
  const answer = await fetch(`http://127.0.0.1:${port}/status/upstream/endpoints`)
  expect(await answer.json()).toEqual({ 'my-endpoint': 1 })
})

test.each(['SIGTERM', 'SIGHUP'] as const)('%s ends the demo like Ctrl-C', async (signal) => {
  const demo = startDemo()
  await demo.line(/Ctrl-C ends the demo/)
  const pids = [await pidOf(demo, 'node'), await pidOf(demo, 'agent')]
  expect(await demo.stop(signal)).toMatchObject({ code: 0 })
  expect(pids.map(isAlive)).toEqual([false, false])
})

test('a demo that is stopped while it starts leaves nothing behind', async () => {
  const demo = startDemo()
  const pid = await pidOf(demo, 'node')
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
  expect(isAlive(await pidOf(demo, 'node'))).toBe(false)
})

test.each(['node', 'agent'] as const)('when the %s dies, the demo ends', async (name) => {
  const demo = startDemo()
  await demo.line(/Ctrl-C ends the demo/)
  const pids = [await pidOf(demo, 'node'), await pidOf(demo, 'agent')]
  process.kill(await pidOf(demo, name), 'SIGKILL')
  const { code, stderr } = await demo.ended
  expect(code).toBe(1)
  expect(stderr).toContain(`the ${name} ended by itself (SIGKILL)`)
  expect(pids.map(isAlive)).toEqual([false, false])
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
