import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { HttpService } from '../support/http-service.ts'
import { send } from '../support/http-client.ts'
import { startAgent, startServer } from '../support/piko.ts'
import { makeSigningKey, signToken } from '../support/token-keys.ts'

/** Tunnels end with the token that they were opened with, and agents come back before. */

const key = makeSigningKey('ES256')
const SERVER = ['--upstream.auth.ecdsa-public-key', key.verifier]

/** A token that ends so many whole seconds from now, and at once a moment more or less. */
async function tokenFor(seconds: number): Promise<string> {
  return signToken(key, { exp: Math.floor(Date.now() / 1_000) + seconds })
}

function tokenFile(): { path: string; write: (token: string) => void } {
  const folder = mkdtempSync(join(tmpdir(), 'piko-token-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'token')
  return { path, write: (token) => writeFileSync(path, `${token}\n`) }
}

async function service(): Promise<HttpService> {
  const started = await HttpService.start((_request, response) => void response.end('here'))
  onTestFinished(async () => started.close())
  return started
}

test('an agent with a file of tokens is back before each ends; no request is lost', async () => {
  const node = await startServer([...SERVER, '--grace-period', '5s'])
  const file = tokenFile()
  file.write(await tokenFor(6))
  const agent = await startAgent(node.addresses.upstream, await service(), {
    flags: ['--connect.token-file', file.path],
  })
  await node.log.logged('upstream connected')
  file.write(await tokenFor(12))

  const statuses = new Map<number, number>()
  const over = new AbortController()
  const client = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const { status } = await send(node.addresses.proxy)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
  }
  const clients = Array.from({ length: 4 }, client)
  // Two tokens pass; the third one lasts.
  await node.log.logged('upstream connected', 2)
  file.write(await tokenFor(600))
  await node.log.logged('upstream connected', 3)
  await node.log.logged('upstream disconnected', 2)
  over.abort()
  await Promise.all(clients)
  // No tunnel had to be ended by the node: the agent was always there first.
  expect({
    statuses: [...statuses.keys()],
    expired: node.log.count('upstream token expired'),
    refused: agent.log.count('refused by the server; giving up'),
  }).toEqual({ statuses: [200], expired: 0, refused: 0 })
  expect(statuses.get(200)).toBeGreaterThan(500)
}, 60_000)

test('a tunnel ends with its token, and the requests on it have their time', async () => {
  const node = await startServer([...SERVER, '--grace-period', '5s'])
  let answer: (() => void) | undefined
  const slow = await HttpService.start((_request, response) => {
    answer = () => void response.end('late')
  })
  onTestFinished(async () => slow.close())
  await startAgent(node.addresses.upstream, slow, {
    flags: ['--connect.token', await tokenFor(2)],
  })
  await node.log.logged('upstream connected')
  const late = send(node.addresses.proxy)
  await expect.poll(() => answer !== undefined).toBe(true)
  await node.log.logged('upstream token expired')
  expect((await send(node.addresses.proxy)).status).toBe(502)
  answer?.()
  expect((await late).body.toString()).toBe('late')
})

test('what does not end within the grace period ends with the tunnel', async () => {
  const node = await startServer([...SERVER, '--grace-period', '100ms'])
  const stuck = await HttpService.start(() => {})
  onTestFinished(async () => stuck.close())
  await startAgent(node.addresses.upstream, stuck, {
    flags: ['--connect.token', await tokenFor(2)],
  })
  await node.log.logged('upstream connected')
  expect((await send(node.addresses.proxy, { method: 'POST' })).status).toBe(502)
  expect(node.log.count('upstream token expired')).toBeGreaterThan(0)
})

test('an agent that finds no fresh token in time comes back when there is one', async () => {
  const node = await startServer(SERVER)
  const file = tokenFile()
  file.write(await tokenFor(2))
  await startAgent(node.addresses.upstream, await service(), {
    flags: ['--connect.token-file', file.path],
  })
  await node.log.logged('upstream connected')
  await node.log.logged('upstream token expired')
  file.write(await tokenFor(600))
  // It was turned away some times, and waits the longer each time.
  const status = async (): Promise<number> => (await send(node.addresses.proxy)).status
  await expect.poll(status, { timeout: 20_000 }).toBe(200)
})

test('a tunnel outlives its token where that is allowed', async () => {
  const node = await startServer([...SERVER, '--upstream.auth.disable-disconnect-on-expiry=true'])
  const file = tokenFile()
  const token = await tokenFor(1)
  file.write(token)
  await startAgent(node.addresses.upstream, await service(), {
    flags: ['--connect.token-file', file.path],
  })
  await node.log.logged('upstream connected')
  const { exp } = JSON.parse(
    Buffer.from(token.split('.')[1] as string, 'base64url').toString(),
  ) as { exp: number }
  await expect.poll(() => Date.now(), { timeout: 5_000 }).toBeGreaterThan(exp * 1_000 + 300)
  expect((await send(node.addresses.proxy)).status).toBe(200)
  expect(node.log.count('upstream disconnected')).toBe(0)
})
