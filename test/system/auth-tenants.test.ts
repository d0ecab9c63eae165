import { expect, onTestFinished, test } from 'vitest'
import { adminPage, knowsEndpoint, metricOf, startCluster } from '../support/cluster.ts'
import type { ClusterMember } from '../support/cluster.ts'
import { send } from '../support/http-client.ts'
import { HttpService } from '../support/http-service.ts'
import { knock } from '../support/knock.ts'
import type { KnockOptions } from '../support/knock.ts'
import { startAgent } from '../support/piko.ts'
import { makeSigningKey, secondsFromNow, signToken } from '../support/token-keys.ts'
import type { SigningKey } from '../support/token-keys.ts'

/** Tenants on a cluster: whose endpoint a request reaches, and what each may use. */

const acme = makeSigningKey('ES256')
const globex = makeSigningKey('RS256')
const operator = makeSigningKey('HS256')

const inYaml = (pem: string) => JSON.stringify(pem)

function settings({ withProxyAuth = false, limits = '', shared = false } = {}): string {
  return `
proxy:
  auth: ${withProxyAuth ? `{ hmac_secret_key: ${operator.verifier} }` : '{}'}
upstream:
  tenant_namespaces: ${!shared}
  tenants:
    - id: acme
      auth: { ecdsa_public_key: ${inYaml(acme.verifier)} }
      domains: [acme.example.com]
      limits: { ${limits} }
    - id: globex
      auth: { rsa_public_key: ${inYaml(globex.verifier)} }
`
}

async function tokenOf(key: SigningKey, piko: object = {}): Promise<string> {
  return signToken(key, { exp: secondsFromNow(300), piko })
}

/** An agent of the tenant, on the endpoint `orders` unless said otherwise. */
async function listen(
  node: ClusterMember,
  { tenant, key, endpointId = 'orders' }: { tenant: string; key: SigningKey; endpointId?: string },
) {
  const service = await HttpService.start((_request, response) => void response.end(tenant))
  onTestFinished(async () => service.close())
  const flags = ['--connect.tenant-id', tenant, '--connect.token', await tokenOf(key)]
  return startAgent(node.addresses.upstream, service, { endpointId, flags })
}

/** Two nodes; both tenants listen on the first, for the same endpoint. */
async function tenants(yaml: string): Promise<[ClusterMember, ClusterMember]> {
  const nodes = (await startCluster(2, { yaml })) as [ClusterMember, ClusterMember]
  await listen(nodes[0], { tenant: 'acme', key: acme })
  await listen(nodes[0], { tenant: 'globex', key: globex })
  for (const tenant of ['acme', 'globex']) {
    await knowsEndpoint(nodes[1], 'n1', { endpointId: `${tenant}\u001forders` })
  }
  return nodes
}

/** What comes back from both nodes, which must be the same: a body or the text of an error. */
async function reached(nodes: readonly ClusterMember[], options: KnockOptions): Promise<string> {
  const said = new Set<string>()
  for (const { addresses } of nodes) {
    const { status, body } = await knock(addresses.proxy, options)
    said.add(status === 200 ? body : (JSON.parse(body) as { error: string }).error)
  }
  return [...said].join(' or ')
}

test('a request reaches the endpoint of the tenant that it names', async () => {
  const nodes = await tenants(settings())
  const endpoint = { 'x-piko-endpoint': 'orders' }
  const cases: readonly (readonly [Record<string, string>, string])[] = [
    [{ ...endpoint, 'x-piko-tenant-id': 'acme' }, 'acme'],
    [{ ...endpoint, 'x-piko-tenant-id': 'globex' }, 'globex'],
    [{ ...endpoint, 'x-piko-tenant-id': 'other' }, 'unknown tenant'],
    [endpoint, 'no available upstreams'],
    [{ host: 'orders.acme.example.com:8000' }, 'acme'],
    [{ host: 'orders.ACME.example.com' }, 'acme'],
    [{ host: 'orders.acme.example.com', 'x-piko-tenant-id': 'globex' }, 'globex'],
    [{ host: 'orders.x.acme.example.com' }, 'no available upstreams'],
    [{ host: 'orders.acme.example.com', 'x-piko-endpoint': 'bills' }, 'no available upstreams'],
  ]
  for (const [fields, expected] of cases) {
    expect([fields, await reached(nodes, { fields })]).toEqual([fields, expected])
  }
})

test('with keys on the proxy port a token says, or proves, whose tenant it is', async () => {
  const nodes = await tenants(settings({ withProxyAuth: true }))
  const endpoint = { 'x-piko-endpoint': 'orders' }
  const named = { ...endpoint, 'x-piko-tenant-id': 'acme' }
  const outcome = async (fields: Record<string, string>, key: SigningKey, piko?: object) => {
    const authorization = `Bearer ${await tokenOf(key, piko)}`
    return reached(nodes, { fields: { ...fields, authorization } })
  }
  expect(await reached(nodes, { fields: named })).toBe('missing authorization')
  expect(await outcome(endpoint, operator, { tenant_id: 'acme' })).toBe('acme')
  expect(await outcome(endpoint, operator, { tenant_id: 'globex' })).toBe('globex')
  expect(await outcome(endpoint, operator, { tenant_id: 'other' })).toBe('unknown tenant')
  expect(await outcome(endpoint, operator)).toBe('no available upstreams')
  expect(await outcome(named, operator, { tenant_id: 'acme' })).toBe('acme')
  expect(await outcome(named, operator, { tenant_id: 'globex' })).toBe('unknown tenant')
  expect(await outcome(named, operator)).toBe('unknown tenant')
  expect(await outcome(named, acme)).toBe('acme')
  expect(await outcome({ host: 'orders.acme.example.com' }, acme)).toBe('acme')
  expect(await outcome(named, acme, { tenant_id: 'globex' })).toBe('unknown tenant')
  expect(await outcome(named, acme, { connect: ['bills'] })).toBe('endpoint not permitted')
  expect(await outcome(named, globex)).toBe('invalid token')
  expect(await outcome(endpoint, acme)).toBe('invalid token')
})

test('a listener belongs to a tenant, and shows a token of its keys', async () => {
  const [node] = (await startCluster(1, { yaml: settings() })) as [ClusterMember]
  const outcome = async (tenant: string | undefined, token: string | undefined) => {
    const { status, body } = await knock(node.addresses.upstream, {
      path: '/piko/v1/upstream/orders',
      upgrade: true,
      fields: {
        ...(tenant !== undefined && { 'x-piko-tenant-id': tenant }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
    })
    return status === 101 ? 'in' : (JSON.parse(body) as { error: string }).error
  }
  expect(await outcome('acme', await tokenOf(acme))).toBe('in')
  expect(await outcome('acme', await tokenOf(acme, { tenant_id: 'acme' }))).toBe('in')
  expect(await outcome('acme', await tokenOf(acme, { tenant_id: 'globex' }))).toBe('unknown tenant')
  expect(await outcome('acme', await tokenOf(globex))).toBe('invalid token')
  expect(await outcome('acme', undefined)).toBe('missing authorization')
  expect(await outcome(undefined, await tokenOf(acme))).toBe('unknown tenant')
  expect(await outcome('other', await tokenOf(acme))).toBe('unknown tenant')
  expect(await metricOf(node, 'piko_auth_refusals_total{port="upstream",reason="unknown')).toBe(3)
})

test('the status shows whose endpoints there are, and nobody names one from outside', async () => {
  const [owner, other] = await tenants(settings())
  const endpoints = { 'acme/orders': 1, 'globex/orders': 1 }
  expect(JSON.parse((await adminPage(owner, '/status/upstream/endpoints')).text)).toEqual(endpoints)
  const seen = await adminPage(other, '/status/cluster/nodes/n1')
  expect(JSON.parse(seen.text)).toMatchObject({ endpoints })
  for (const id of ['acme%1Forders', 'acme%00orders', 'a%7Fb', '%C2%85']) {
    const path = `/_piko/v1/tcp/${id}`
    const { status, body } = await knock(owner.addresses.proxy, { path, upgrade: true })
    expect([id, status, body]).toEqual([id, 400, '{"error":"endpoint id has control characters"}'])
  }
  const slashed = { 'x-piko-endpoint': 'acme/orders' }
  expect(await reached([owner, other], { fields: slashed })).toBe('no available upstreams')
})

test('without namespaces all tenants share one set of names', async () => {
  const [node] = (await startCluster(1, { yaml: settings({ shared: true }) })) as [ClusterMember]
  await listen(node, { tenant: 'acme', key: acme })
  await node.log.logged('upstream connected')
  expect(await reached([node], { fields: { 'x-piko-endpoint': 'orders' } })).toBe('acme')
})

const EXCEEDED = 'piko_tenant_limits_exceeded_total'
const USAGE = 'piko_tenant_usage'

test('a tenant keeps to its limits, and others do not feel them', async () => {
  const limits = 'endpoints: 1, connections: 2, requests_in_flight: 1'
  const [node] = (await startCluster(1, { yaml: settings({ limits }) })) as [ClusterMember]
  let release: () => void = () => {}
  const service = await HttpService.start((_request, response) => {
    release = () => void response.end('late')
  })
  onTestFinished(async () => service.close())
  const flags = ['--connect.tenant-id', 'acme', '--connect.token', await tokenOf(acme)]
  const agent = await startAgent(node.addresses.upstream, service, { endpointId: 'orders', flags })
  await listen(node, { tenant: 'globex', key: globex })
  await node.log.logged('upstream connected', 2)

  const register = async (endpointId: string) => {
    const fields = { 'x-piko-tenant-id': 'acme', authorization: `Bearer ${await tokenOf(acme)}` }
    const path = `/piko/v1/upstream/${endpointId}`
    return (await knock(node.addresses.upstream, { path, upgrade: true, fields })).body
  }
  expect(await register('bills')).toBe('{"error":"too many endpoints of the tenant"}')
  const second = await listen(node, { tenant: 'acme', key: acme })
  await node.log.logged('upstream connected', 3)
  expect(await register('orders')).toBe('{"error":"too many connections of the tenant"}')
  await second.stop()

  const ask = async (tenant: string) => {
    const fields = { 'x-piko-endpoint': 'orders', 'x-piko-tenant-id': tenant }
    return knock(node.addresses.proxy, { fields })
  }
  const late = ask('acme')
  await expect.poll(() => service.requests.length).toBe(1)
  expect(await ask('acme')).toMatchObject({
    status: 429,
    body: '{"error":"too many requests of the tenant"}',
  })
  expect(await ask('globex')).toMatchObject({ status: 200, body: 'globex' })
  release()
  expect(await late).toMatchObject({ status: 200, body: 'late' })
  const again = ask('acme')
  await expect.poll(() => service.requests.length).toBe(2)
  release()
  expect(await again).toMatchObject({ status: 200 })
  expect(await metricOf(node, `${EXCEEDED}{tenant="acme",limit="requests"}`)).toBe(1)
  expect(await metricOf(node, `${USAGE}{tenant="acme",limit="connections"}`)).toBe(1)
  expect(await metricOf(node, `${USAGE}{tenant="acme",limit="requests"}`)).toBe(0)

  // Whoever left makes room.
  await agent.stop()
  await expect.poll(async () => register('bills')).toBe('')
})

test('bytes of a tenant keep to their rate, and those of others do not wait', async () => {
  const limits = 'bytes_per_second: 400KB'
  const [node] = (await startCluster(1, { yaml: settings({ limits }) })) as [ClusterMember]
  const service = await HttpService.start(async (request, response) => {
    for await (const _piece of request);
    response.end(Buffer.alloc(Number(request.url?.slice(1))))
  })
  onTestFinished(async () => service.close())
  for (const [tenant, key] of Object.entries({ acme, globex })) {
    const flags = ['--connect.tenant-id', tenant, '--connect.token', await tokenOf(key)]
    await startAgent(node.addresses.upstream, service, { endpointId: 'orders', flags })
  }
  await node.log.logged('upstream connected', 2)
  const move = async (tenant: string, up: number, down: number) => {
    const headers = { 'x-piko-endpoint': 'orders', 'x-piko-tenant-id': tenant }
    const options = { path: `/${down}`, method: 'POST', headers }
    return send(node.addresses.proxy, options, Buffer.alloc(up))
  }
  const order: string[] = []
  const startedMs = performance.now()
  const slow = [move('acme', 600_000, 0), move('acme', 0, 600_000)].map(async (moved) => {
    expect((await moved).status).toBe(200)
    order.push('acme')
  })
  expect((await move('globex', 1_200_000, 1_200_000)).status).toBe(200)
  order.push('globex')
  await Promise.all(slow)
  expect(order).toEqual(['globex', 'acme', 'acme'])
  // A second's worth was saved up.
  expect(performance.now() - startedMs).toBeGreaterThan(1_500)

  // The first windows of many are more than a second's worth ahead.
  const many = Array.from({ length: 5 }, async () => move('acme', 0, 250_000))
  await expect
    .poll(async () => (await move('acme', 0, 0)).body.toString())
    .toBe('{"error":"too many bytes of the tenant"}')
  await Promise.all(many)
  expect(await metricOf(node, `${EXCEEDED}{tenant="acme",limit="bytes"}`)).toBeGreaterThan(0)
})
