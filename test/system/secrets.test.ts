import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { HttpService } from '../support/http-service.ts'
import { RunningProgram } from '../support/running-program.ts'
import { makeSigningKey, signToken } from '../support/token-keys.ts'

/** Secrets of a node, an agent and a client, in all that others can read of the programs. */

const CLUSTER_SECRET = 'the-nodes-share-this'

function serverYaml(key: string, more = ''): string {
  const auth = `auth: { hmac_secret_key: ${key} }`
  return `
proxy: { bind_addr: '127.0.0.1:0', ${auth} }
upstream: { bind_addr: '127.0.0.1:0', ${auth} }
admin: { bind_addr: '127.0.0.1:0', ${auth} }
cluster: { secret: ${CLUSTER_SECRET}, gossip: { bind_addr: '127.0.0.1:0' } ${more} }
log: { level: debug }
`
}

async function startServer(file: string) {
  const server = new RunningProgram(['dist/main.js', 'server', '--config.path', file])
  const [, started = ''] = await server.line(/^(?=.*"msg":"node started")(.*)$/)
  const ports = JSON.parse(started) as Record<string, number>
  return { server, url: (port: string) => `http://127.0.0.1:${ports[`${port}-port`]}` }
}

test('no secret is in a log, an error, the status, the metrics or the process list', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'piko-secrets-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const key = makeSigningKey('HS256')
  const [agentToken, clientToken] = [await signToken(key, { sub: 'a' }), await signToken(key)]
  const forged = `${clientToken.slice(0, -8)}forged00`
  const file = join(folder, 'server.yaml')
  writeFileSync(file, serverYaml(key.verifier))
  const { server, url } = await startServer(file)
  const service = await HttpService.start((_request, response) => {
    response.end('here')
  })
  onTestFinished(async () => service.close())
  const agent = new RunningProgram(
    ['dist/main.js', 'agent', 'http', 'e', String(service.port), '--log.level', 'debug'].concat([
      `--connect.url=${url('upstream')}`,
      `--connect.token=${agentToken}`,
    ]),
  )
  await server.line(/"msg":"upstream connected"/)

  const ask = async (address: string, token: string) => {
    const headers = { 'x-piko-endpoint': 'e', authorization: `Bearer ${token}` }
    const response = await fetch(address, { headers })
    return `${response.status} ${await response.text()}`
  }
  const [, nodeId = ''] = await server.line(/"msg":"node started","node-id":"([^"]+)"/)
  const paths = ['cluster/nodes', `gossip/nodes/${nodeId}`, 'upstream/endpoints'].map(
    (path) => `/status/${path}`,
  )
  const answers = [
    await ask(url('proxy'), clientToken),
    await ask(url('proxy'), forged),
    ...(await Promise.all(
      ['/metrics', ...paths].map(async (path) => ask(`${url('admin')}${path}`, clientToken)),
    )),
  ]
  expect(answers.map((answer) => answer.slice(0, 3))).toEqual(
    ['200', '401'].concat(Array(4).fill('200')),
  )
  const title = readFileSync(`/proc/${agent.child.pid}/cmdline`, 'latin1')
  writeFileSync(file, serverYaml(key.verifier, `, secrt: ${CLUSTER_SECRET}`))
  await server.line(/configuration not reloaded/)

  const ends = [await agent.stop('SIGTERM'), await server.stop('SIGTERM')]
  const seen = [title, ...answers, ...ends.flatMap(({ stdout, stderr }) => [stdout, stderr])]
  expect(seen.join('\n').length).toBeGreaterThan(2_000)
  const secrets = { CLUSTER_SECRET, key: key.verifier, agentToken, clientToken, forged }
  for (const [name, secret] of Object.entries(secrets)) {
    expect(seen.filter((text) => text.includes(secret)).map((text) => `${name}: ${text}`)).toEqual(
      [],
    )
  }
})
