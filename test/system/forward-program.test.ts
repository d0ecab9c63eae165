import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startConnectProxy } from '../support/connect-proxy.ts'
import { dialPort, startServer, startTcpAgent } from '../support/piko.ts'
import { RawService } from '../support/raw-service.ts'
import { RunningProgram } from '../support/running-program.ts'
import { endAt } from '../support/tcp.ts'

/** `piko forward` and `piko agent` for TCP as users run them: real processes, files and flags. */

function piko(...args: readonly string[]): RunningProgram {
  return new RunningProgram(['dist/main.js', ...args])
}

function settingsFile(lines: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'piko-forward-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'settings.yaml')
  writeFileSync(path, lines.join('\n'))
  return path
}

async function startService(): Promise<RawService> {
  const service = await RawService.start()
  onTestFinished(async () => service.close())
  return service
}

/** The port that a forward opened for an endpoint, once it says so. */
async function portOf(forward: RunningProgram, endpointId: string) {
  const pattern = new RegExp(`"forwarding","addr":"127.0.0.1:(\\d+)","endpoint-id":"${endpointId}"`)
  const [, port] = await forward.line(pattern)
  return { host: '127.0.0.1', port: Number(port) }
}

test('an agent and a forward read their endpoints from files, and go by a proxy', async () => {
  const [first, second, node, proxy] = await Promise.all([
    startService(),
    startService(),
    startServer(),
    startConnectProxy(),
  ])
  const connect = (port: number) => [
    'connect:',
    `  url: http://127.0.0.1:${port}`,
    `  proxy_url: ${proxy.url}`,
  ]
  const listener = (endpointId: string, { port }: RawService) =>
    `  - {endpoint_id: ${endpointId}, addr: ${port}, protocol: tcp}`
  const { addresses } = node
  const agentFile = settingsFile([
    'listeners:',
    listener('first', first),
    listener('second', second),
    ...connect(addresses.upstream.port),
  ])
  const forwardFile = settingsFile([
    'ports:',
    '  - {addr: 0, endpoint_id: first}',
    '  - {addr: 127.0.0.1:0, endpoint_id: second}',
    ...connect(addresses.proxy.port),
  ])
  const agent = piko('agent', 'start', '--config.path', agentFile)
  const forward = piko('forward', 'start', '--config.path', forwardFile, '--log.level', 'debug')
  await node.log.logged('upstream connected', 2)
  for (const [endpointId, service] of [
    ['first', first],
    ['second', second],
  ] as const) {
    const client = await dialPort(await portOf(forward, endpointId))
    const peer = await service.connection()
    client.send(`for ${endpointId}`)
    client.finish()
    expect(await peer.rest()).toBe(`for ${endpointId}`)
    peer.send('heard')
    peer.finish()
    expect(await client.rest()).toBe('heard')
    await forward.line(new RegExp(`"connection closed","endpoint-id":"${endpointId}"`))
    await agent.line(new RegExp(`"connection closed","endpoint-id":"${endpointId}"`))
  }
  const asked = proxy.requests.map(({ url }) => Number(url?.split(':')[1]))
  expect(new Set(asked)).toEqual(new Set([addresses.upstream.port, addresses.proxy.port]))
  const ends = [await forward.stop('SIGINT'), await agent.stop('SIGTERM')]
  expect(ends.map(({ code }) => code)).toEqual([0, 0])
  for (const { stderr, stdout } of ends) expect(stderr + stdout).not.toMatch(/s(@|%40)cr/)
})

test('a forward outlives its nodes: clients are reset meanwhile, and served after', async () => {
  const service = await startService()
  const first = await startServer()
  const { proxy } = first.addresses
  const forward = piko(
    'forward',
    'tcp',
    '0',
    'late',
    '--connect.url',
    `http://127.0.0.1:${proxy.port}`,
  )
  const address = await portOf(forward, 'late')
  expect(await endAt(address)).toBe('reset')
  await forward.line(/"reason":"502: no available upstreams"/)
  await first.stop()
  expect(await endAt(address)).toBe('reset')
  await forward.line(/failed to dial endpoint.*ECONNREFUSED/)
  const second = await startServer(['--proxy.bind-addr', `127.0.0.1:${proxy.port}`])
  await startTcpAgent(second.addresses.upstream, service, { endpointId: 'late' })
  await second.log.logged('upstream connected')
  const client = await dialPort(address)
  client.send('at last')
  expect(await (await service.connection()).until('last')).toBe('at last')
})

test('a port that is taken is named, with exit code 1', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void taken.close())
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  const { code, stderr } = await piko('forward', 'tcp', `${port}`, 'my-endpoint').ended
  expect(code).toBe(1)
  expect(stderr).toContain(`port ${port} is already in use`)
})
