import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { HttpService } from '../support/http-service.ts'
import { RunningProgram } from '../support/running-program.ts'

/** Configurations that change under load: real processes, real files, real signals. */

function piko(...args: readonly string[]): RunningProgram {
  return new RunningProgram(['dist/main.js', ...args])
}

function folderOfTest(): string {
  const folder = mkdtempSync(join(tmpdir(), 'piko-reload-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

/** As editors do it: beside the file first, then in its place. */
function replace(file: string, text: string): void {
  writeFileSync(`${file}.new`, text)
  renameSync(`${file}.new`, file)
}

const serverYaml = (settings: string) => `
proxy: { bind_addr: '127.0.0.1:0', ${settings} }
upstream: { bind_addr: '127.0.0.1:0' }
admin: { bind_addr: '127.0.0.1:0' }
cluster: { gossip: { bind_addr: '127.0.0.1:0' } }
`

async function startServer(file: string) {
  const program = piko('server', '--config.path', file)
  const [, started = ''] = await program.line(/^(?=.*"msg":"node started")(.*)$/)
  const fields = JSON.parse(started) as Record<string, number>
  return { program, proxyPort: fields['proxy-port'] ?? 0, upstreamPort: fields['upstream-port'] }
}

/** Asks an endpoint; resolves with the answer's status and text. */
async function ask(proxyPort: number, endpoint: string, path = '/') {
  const headers = { 'x-piko-endpoint': endpoint }
  const response = await fetch(`http://127.0.0.1:${proxyPort}${path}`, { headers })
  return `${response.status} ${await response.text()}`
}

/** How many requests a load has at least. */
const LOAD_MIN = 200

/** Asks without a pause, several at a time, until it is told to stop; then says what it got. */
function load(proxyPort: number, endpoint: string): () => Promise<ReadonlyMap<string, number>> {
  const answers = new Map<string, number>()
  const stopping = new AbortController()
  let count = 0
  const client = async (): Promise<void> => {
    while (!stopping.signal.aborted || count < LOAD_MIN) {
      count += 1
      const answer = await ask(proxyPort, endpoint).catch((error: Error) => error.message)
      answers.set(answer, (answers.get(answer) ?? 0) + 1)
    }
  }
  const clients = Promise.all(Array.from({ length: 8 }, client))
  return async () => {
    stopping.abort()
    await clients
    return answers
  }
}

async function service(text: string): Promise<HttpService> {
  const started = await HttpService.start((request, response) => {
    // A request to /never is one that nobody answers.
    if (request.url !== '/never') response.end(text)
  })
  onTestFinished(async () => started.close())
  return started
}

test('a node takes a changed file at SIGHUP, and no request fails', async () => {
  const file = join(folderOfTest(), 'server.yaml')
  writeFileSync(file, serverYaml('timeout: 1m'))
  const { program, proxyPort, upstreamPort } = await startServer(file)
  const { port } = await service('one')
  const url = `http://127.0.0.1:${upstreamPort}`
  piko('agent', 'http', 'e', String(port), '--connect.url', url)
  await program.line(/"msg":"upstream connected"/)
  const stop = load(proxyPort, 'e')
  await program.line(/"subsystem":"proxy.access"/)

  writeFileSync(file, serverYaml('timeout: 2s, access_log: { disable: true }'))
  program.child.kill('SIGHUP')
  const [, settings] = await program.line(
    /"msg":"configuration reloaded",(?:"signal":"SIGHUP"|"files":\[[^\]]*\]),"settings":(\[.*?\])/,
  )
  expect(settings).toBe('["proxy.timeout","proxy.access_log.disable"]')
  // A minute is not over, so that the new timeout is what answers.
  expect(await ask(proxyPort, 'e', '/never')).toBe('504 {"error":"upstream timeout"}\n')
  const answers = await stop()
  expect([...answers.keys()]).toEqual(['200 one'])

  const { stderr } = await program.stop('SIGTERM')
  expect(stderr).not.toContain('/never')
})

test('a wrong file leaves a node as it is; what needs a restart is named', async () => {
  const file = join(folderOfTest(), 'server.yaml')
  writeFileSync(file, serverYaml('timeout: 1m'))
  const { program, proxyPort } = await startServer(file)
  replace(file, serverYaml('timout: 1s'))
  await program.line(/"problem":"proxy: unknown key \\"timout\\"","did-you-mean":"timeout"/)
  await program.line(/configuration not reloaded; the old one stays in force/)
  expect(await ask(proxyPort, 'nobody')).toMatch(/^502 /)
  replace(file, serverYaml('http: { max_header_bytes: 2048 }'))
  await program.line(/need a restart.*"settings":\["proxy.http.max_header_bytes"\]/)
})

test('an agent takes listeners in and out, and no request of the others fails', async () => {
  const folder = folderOfTest()
  const serverFile = join(folder, 'server.yaml')
  writeFileSync(serverFile, serverYaml('timeout: 1m'))
  const { program, proxyPort, upstreamPort } = await startServer(serverFile)
  const [one, two] = [await service('one'), await service('two')]
  const agentFile = join(folder, 'agent.yaml')
  const agentYaml = (listeners: Record<string, number>) =>
    `connect: { url: 'http://127.0.0.1:${upstreamPort}' }\nlisteners:\n${Object.entries(listeners)
      .map(([id, port]) => `  - { endpoint_id: ${id}, addr: ${port} }\n`)
      .join('')}`
  writeFileSync(agentFile, agentYaml({ stays: one.port, moves: one.port, goes: one.port }))
  const agent = piko('agent', 'start', '--config.path', agentFile)
  for (const id of ['stays', 'moves', 'goes']) {
    await program.line(new RegExp(`"msg":"upstream connected","endpoint-id":"${id}"`))
  }
  const loads = [load(proxyPort, 'stays'), load(proxyPort, 'moves')]

  replace(agentFile, agentYaml({ stays: one.port, moves: two.port, comes: two.port }))
  await program.line(/"msg":"upstream connected","endpoint-id":"comes"/)
  await program.line(/"msg":"upstream disconnected","endpoint-id":"goes"/)
  await program.line(/"msg":"upstream disconnected","endpoint-id":"moves"/)
  expect(await ask(proxyPort, 'comes')).toBe('200 two')
  expect(await ask(proxyPort, 'moves')).toBe('200 two')
  expect(await ask(proxyPort, 'goes')).toMatch(/^502 /)
  const [stays, moves] = await Promise.all(loads.map(async (stop) => stop()))
  expect([...(stays?.keys() ?? [])]).toEqual(['200 one'])
  expect([...(moves?.keys() ?? [])].toSorted()).toEqual(['200 one', '200 two'])
  expect(await agent.stop('SIGTERM')).toMatchObject({ code: 0 })
})

test('an agent sends the token that its file holds when it connects', async () => {
  const folder = folderOfTest()
  const token = join(folder, 'token')
  writeFileSync(token, 'one\n')
  const seen: (string | undefined)[] = []
  let asked: () => void = () => {}
  const upstream = await HttpService.start(() => {})
  upstream.server.on('upgrade', ({ headers }, socket) => {
    seen.push(headers.authorization)
    // The agent may have ended first, with the test.
    socket.on('error', () => {})
    socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n')
    asked()
  })
  onTestFinished(async () => upstream.close())
  const again = async () => new Promise<void>((resolve) => (asked = resolve))
  const first = again()
  const url = `http://127.0.0.1:${upstream.port}`
  piko('agent', 'http', 'e', '1', '--connect.url', url, '--connect.token-file', token)
  await first
  writeFileSync(token, 'two\n')
  while (!seen.includes('Bearer two')) await again()
  expect(new Set(seen)).toEqual(new Set(['Bearer one', 'Bearer two']))
})
