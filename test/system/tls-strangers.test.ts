import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readCertificate, TestAuthority } from '../support/certificates.ts'
import { startMember } from '../support/cluster.ts'
import { send } from '../support/http-client.ts'
import { pikoWithHttpService, startAgent, startServer } from '../support/piko.ts'
import type { RunningServer } from '../support/piko.ts'
import { RunningProgram } from '../support/running-program.ts'
import { TlsSetup } from '../support/tls-setup.ts'

/** Clients that are set up wrong, and what both sides hear of it. */

const setup = new TlsSetup('mTLS')
const PORTS = ['proxy', 'upstream', 'admin'] as const

/** The entry of the log that a port writes when it lets somebody not in. */
async function refusal({ log }: RunningServer, port: string) {
  return log.entry('tls handshake failed', (fields) => fields['port'] === port)
}

describe.each(PORTS)('on the %s port', (port) => {
  test('plain HTTP is told that the port speaks TLS', async () => {
    const node = await startServer(setup.serverFlags)
    const answer = await send(node.addresses[port])
    expect(answer.status).toBe(400)
    expect(answer.body.toString()).toBe('{"error":"this port speaks TLS: use https"}')
    expect(await refusal(node, port)).toEqual({
      port,
      'client-ip': '127.0.0.1',
      reason: 'the client does not speak TLS',
    })
  })

  test('a client without a certificate is not let in, and the log says why', async () => {
    const node = await startServer(setup.serverFlags)
    const tls = { ca: setup.authority.pem }
    await expect(send(node.addresses[port], { tls })).rejects.toThrow(/certificate required/)
    expect(await refusal(node, port)).toMatchObject({ reason: 'no client certificate' })
  })

  test.each([
    ['expired', setup.authority.issue({ expired: true }), 'CERT_HAS_EXPIRED'],
    ['of a stranger', new TestAuthority('Stranger').issue(), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ])('a client certificate that is %s is not let in', async (_name, files, reason) => {
    const node = await startServer(setup.serverFlags)
    const tls = { ca: setup.authority.pem, ...readCertificate(files) }
    await expect(send(node.addresses[port], { tls })).rejects.toThrow(/hang up|ECONNRESET/)
    expect(await refusal(node, port)).toMatchObject({ reason: `client certificate: ${reason}` })
  })

  test('HTTP/2 alone is not spoken, nor are versions before TLS 1.2', async () => {
    const node = await startServer(setup.serverFlags)
    const to = node.addresses[port]
    const { connectOptions: tls } = setup
    const h2 = send(to, { tls: { ...tls, ALPNProtocols: ['h2'] } })
    await expect(h2).rejects.toThrow(/no application protocol/)
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const
    await expect(send(to, { tls: { ...tls, ...old } })).rejects.toThrow(/protocol version/)
  })
})

test('an agent with a plain URL is told what the port speaks', async () => {
  const node = await startServer(setup.serverFlags)
  const { log } = await startAgent(node.addresses.upstream, { port: 1 })
  const { reason } = await log.entry('refused by the server; giving up', () => true)
  expect(reason).toBe('400: this port speaks TLS: use https')
})

test('an agent with an https URL is told that the port is plain', async () => {
  const node = await startServer()
  const { upstream } = node.addresses
  const flags = setup.connectFlags(upstream)
  const { log } = await startAgent(upstream, { port: 1 }, { flags })
  const { reason } = await log.entry('disconnected', () => true)
  expect(reason).toMatch(/it does not speak TLS; a URL that begins with http:\/\/ reaches it/)
})

test('a node that cannot check another one says so, and answers 502', async () => {
  const strict = setup.serverFlags.filter((flag) => !flag.startsWith('--admin.tls.client.'))
  const first = await startMember('n1', setup.serverFlags)
  const join = ['--cluster.join', `127.0.0.1:${first.addresses.gossip.port}`]
  const second = await startMember('n2', [...strict, ...join])
  await second.log.logged('node told its address', 2)
  const options = { path: '/status/upstream/endpoints?forward=n1', tls: setup.connectOptions }
  const answer = await send(second.addresses.admin, options)
  expect(answer.status).toBe(502)
  const failure = 'could not forward to the admin port of another node'
  expect(await second.log.entry(failure, () => true)).toMatchObject({
    reason: expect.stringMatching(/signed by an authority that is not trusted here/) as string,
  })
})

test('a failed handshake is counted, and the certificate says when it ends', async () => {
  const { piko } = await pikoWithHttpService((_request, response) => void response.end(), {
    serverFlags: [`--proxy.tls.cert=${setup.server.cert}`, `--proxy.tls.key=${setup.server.key}`],
  })
  await send(piko.proxy)
  await refusal(piko.node, 'proxy')
  expect(await piko.metric('piko_tls_handshake_failures_total{port="proxy"}')).toBe(1)
  const ends = await piko.metric('piko_tls_certificate_expiry_timestamp_seconds{port="proxy"}')
  const days = (ends - Date.now() / 1000) / 86_400
  expect(days).toBeGreaterThan(1)
  expect(days).toBeLessThan(2.1)
})

test('an https service is reached if its certificate is trusted, else not', async () => {
  const asked: (string | undefined)[] = []
  const server = createHttpsServer(readCertificate(setup.server), (request, response) => {
    asked.push(request.url)
    response.end('hi')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const node = await startServer()
  const connect = `--connect.url=http://127.0.0.1:${node.addresses.upstream.port}`
  const agent = (endpointId: string, ...flags: readonly string[]) => {
    const command = ['dist/main.js', 'agent', 'http', endpointId, `https://127.0.0.1:${port}`]
    return new RunningProgram([...command, connect, ...flags])
  }
  agent('wary')
  agent('trusting', `--tls.root-cas=${setup.authority.cert}`)
  agent('careless', '--tls.insecure-skip-verify')
  agent('particular', `--tls.root-cas=${setup.authority.cert}`, '--tls.server-name=other.example')
  await node.log.logged('upstream connected', 4)
  const statusOf = async (endpointId: string) => {
    const headers = { 'x-piko-endpoint': endpointId }
    return (await send(node.addresses.proxy, { headers, path: `/${endpointId}` })).status
  }
  expect(await statusOf('wary')).toBe(502)
  expect(await statusOf('trusting')).toBe(200)
  expect(await statusOf('careless')).toBe(200)
  expect(await statusOf('particular')).toBe(502)
  expect(asked).toEqual(['/trusting', '/careless'])
})
