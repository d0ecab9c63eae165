import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { JWTPayload } from 'jose'
import { expect, onTestFinished, test } from 'vitest'
import { adminPage, knowsEndpoint, startCluster } from '../support/cluster.ts'
import type { ClusterMember } from '../support/cluster.ts'
import { HttpService } from '../support/http-service.ts'
import { KeyServer } from '../support/key-server.ts'
import { knock } from '../support/knock.ts'
import type { Knock } from '../support/knock.ts'
import { ENDPOINT, startAgent } from '../support/piko.ts'
import { makeSigningKey, publicJwk, secondsFromNow, signToken } from '../support/token-keys.ts'
import type { SigningKey } from '../support/token-keys.ts'

/** Who is let in, at each port of a node and through another one, with real keys. */

const AUDIENCE = 'piko'
const ISSUER = 'https://issuer.example'

/** What every good token says. */
function goodClaims(more: JWTPayload = {}): JWTPayload {
  return { aud: AUDIENCE, iss: ISSUER, exp: secondsFromNow(300), ...more }
}

/** How each port answers: the `error` of a 401, or that somebody is in. */
interface Expected {
  readonly proxy: string
  readonly upstream: string
  readonly admin: string
}

const everywhere = (said: string): Expected => ({ proxy: said, upstream: said, admin: said })
const IN = everywhere('in')

type Fields = Readonly<Record<string, string>>
type MakeFields = (key: SigningKey) => Fields | Promise<Fields>

const bearer = (token: string): Fields => ({ authorization: `Bearer ${token}` })
const withClaims =
  (claims: () => JWTPayload): MakeFields =>
  async (key) =>
    bearer(await signToken(key, claims()))
const withPiko = (piko: unknown): MakeFields => withClaims(() => goodClaims({ piko }))

/** A token that somebody signed with what everybody knows: the public key. */
function confused({ verifier }: SigningKey): Fields {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const input = `${encode({ alg: 'HS256' })}.${encode(goodClaims())}`
  return bearer(`${input}.${createHmac('sha256', verifier).update(input).digest('base64url')}`)
}

function unsigned(): Fields {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return bearer(`${encode({ alg: 'none' })}.${encode(goodClaims())}.`)
}

const OUTCOMES: readonly (readonly [string, MakeFields, Expected])[] = [
  ['nothing', () => ({}), everywhere('missing authorization')],
  ['a scheme alone', () => ({ authorization: 'Bearer' }), everywhere('invalid authorization')],
  ['another scheme', () => ({ authorization: 'Basic YTpi' }), everywhere('unsupported auth type')],
  [
    'the scheme in lower case',
    async (key) => ({ authorization: `bearer ${await signToken(key, goodClaims())}` }),
    everywhere('unsupported auth type'),
  ],
  ['a token that is none', () => bearer('a.b.c'), everywhere('invalid token')],
  ['a token that is too long', () => bearer('a'.repeat(10_000)), everywhere('invalid token')],
  ['an unsigned token', unsigned, everywhere('invalid token')],
  [
    'a token of a stranger',
    async ({ algorithm }) => bearer(await signToken(makeSigningKey(algorithm), goodClaims())),
    everywhere('invalid token'),
  ],
  [
    'a changed token',
    async (key) => {
      const [head, , signature] = (await signToken(key, goodClaims())).split('.')
      const [, body] = (await signToken(key, goodClaims({ sub: 'root' }))).split('.')
      return bearer(`${head}.${body}.${signature}`)
    },
    everywhere('invalid token'),
  ],
  [
    'an expired token',
    withClaims(() => goodClaims({ exp: secondsFromNow(-1) })),
    everywhere('expired token'),
  ],
  [
    'a token of tomorrow',
    withClaims(() => goodClaims({ nbf: secondsFromNow(60) })),
    everywhere('invalid token'),
  ],
  [
    'a token for somebody else',
    withClaims(() => goodClaims({ aud: 'b' })),
    everywhere('invalid token'),
  ],
  [
    'a token of another issuer',
    withClaims(() => goodClaims({ iss: 'b' })),
    everywhere('invalid token'),
  ],
  ['claims of a wrong form', withPiko({ endpoints: ENDPOINT }), everywhere('invalid token')],
  ['piko that is a list', withPiko([ENDPOINT]), everywhere('invalid token')],
  ['a good token', withPiko(undefined), IN],
  ['a token without an end', withClaims(() => ({ aud: [AUDIENCE, 'b'], iss: ISSUER })), IN],
  [
    'a good token in Piko’s own field',
    async (key) => ({ 'x-piko-authorization': `Bearer ${await signToken(key, goodClaims())}` }),
    IN,
  ],
  [
    'a bad token in Piko’s own field beside a good one',
    async (key) => ({
      ...bearer(await signToken(key, goodClaims())),
      'x-piko-authorization': 'Bearer a.b.c',
    }),
    everywhere('invalid token'),
  ],
  [
    'a good token in Piko’s own field beside one for the service',
    async (key) => ({
      authorization: 'Basic c2VydmljZQ==',
      'x-piko-authorization': `Bearer ${await signToken(key, goodClaims())}`,
    }),
    IN,
  ],
  [
    'a good token and a tenant',
    async (key) => ({
      ...bearer(await signToken(key, goodClaims())),
      'x-piko-tenant-id': 'acme',
    }),
    everywhere('unknown tenant'),
  ],
  ['a token of a tenant', withPiko({ tenant_id: 'acme' }), everywhere('unknown tenant')],
  ['the endpoint itself', withPiko({ endpoints: ['b', ENDPOINT] }), IN],
  ['the beginning of the endpoint', withPiko({ endpoints: ['my-*'] }), IN],
  ['an empty list of endpoints', withPiko({ endpoints: [] }), IN],
  [
    'another endpoint',
    withPiko({ endpoints: ['b', `${ENDPOINT}-2`, 'my'] }),
    { proxy: 'endpoint not permitted', upstream: 'endpoint not permitted', admin: 'in' },
  ],
  [
    'a scope to listen',
    withPiko({ listen: [ENDPOINT] }),
    { proxy: 'endpoint not permitted', upstream: 'in', admin: 'in' },
  ],
  [
    'a scope to connect',
    withPiko({ connect: ['*'] }),
    { proxy: 'in', upstream: 'endpoint not permitted', admin: 'in' },
  ],
  [
    'both scopes over endpoints',
    withPiko({ endpoints: [ENDPOINT], listen: ['b'] }),
    { proxy: 'in', upstream: 'endpoint not permitted', admin: 'in' },
  ],
]

/** The answer as one word; the form of a refusal is part of the contract. */
function outcome({ status, type, body }: Knock, success: number): unknown {
  if (status === success) return 'in'
  if (status !== 401 || type !== 'application/json; charset=utf-8') return { status, type, body }
  return (JSON.parse(body) as { error: string }).error
}

async function outcomesOf(owner: ClusterMember, other: ClusterMember, fields: Fields) {
  const asked = { fields: { ...fields, 'x-piko-endpoint': ENDPOINT } }
  const register = { fields, upgrade: true, path: `/piko/v1/upstream/${ENDPOINT}` }
  const status = { fields, path: '/status/upstream/endpoints' }
  const through = { fields, path: `/status/upstream/endpoints?forward=${owner.id}` }
  return {
    proxy: outcome(await knock(owner.addresses.proxy, asked), 200),
    relayed: outcome(await knock(other.addresses.proxy, asked), 200),
    upgrade: outcome(await knock(other.addresses.proxy, { ...asked, upgrade: true }), 101),
    upstream: outcome(await knock(other.addresses.upstream, register), 101),
    admin: outcome(await knock(owner.addresses.admin, status), 200),
    forwarded: outcome(await knock(other.addresses.admin, through), 200),
  }
}

/** Flags that set `verifier` on all three ports. */
function onAllPorts(setting: string, value: string): string[] {
  return ['proxy', 'upstream', 'admin'].flatMap((port) => [
    `--${port}.auth.${setting}=${value}`,
    `--${port}.auth.audience=${AUDIENCE}`,
    `--${port}.auth.issuer=${ISSUER}`,
  ])
}

async function keyServerFlags(key: SigningKey): Promise<string[]> {
  const server = await KeyServer.start()
  server.serve({ a: key })
  return onAllPorts('jwks.endpoint', server.url.href)
}

function keySetFlags(key: SigningKey): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'piko-jwks-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'keys.json')
  writeFileSync(file, JSON.stringify({ keys: [publicJwk(key)] }))
  return onAllPorts('jwks.endpoint', pathToFileURL(file).href)
}

async function echoService(): Promise<HttpService> {
  const service = await HttpService.start((_request, response) => void response.end('here'))
  service.server.on('upgrade', (_request, socket) => {
    socket.end(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    )
  })
  onTestFinished(async () => service.close())
  return service
}

type FlagsOf = (key: SigningKey) => string[] | Promise<string[]>

const KINDS: readonly (readonly [string, string, FlagsOf])[] = [
  ['HS256', 'a secret', ({ verifier }) => onAllPorts('hmac-secret-key', verifier)],
  ['HS384', 'a secret', ({ verifier }) => onAllPorts('hmac-secret-key', verifier)],
  ['HS512', 'a secret', ({ verifier }) => onAllPorts('hmac-secret-key', verifier)],
  ['RS256', 'an RSA key', ({ verifier }) => onAllPorts('rsa-public-key', verifier)],
  ['RS384', 'an RSA key', ({ verifier }) => onAllPorts('rsa-public-key', verifier)],
  ['ES256', 'an ECDSA key', ({ verifier }) => onAllPorts('ecdsa-public-key', verifier)],
  ['ES384', 'an ECDSA key', ({ verifier }) => onAllPorts('ecdsa-public-key', verifier)],
  ['ES512', 'an ECDSA key', ({ verifier }) => onAllPorts('ecdsa-public-key', verifier)],
  ['RS512', 'a key set in a file', keySetFlags],
  ['ES256', 'a server of key sets', keyServerFlags],
]

test.each(KINDS)('with %s and %s every outcome is the same everywhere', async (...kind) => {
  const [algorithm, , flagsOf] = kind
  const key = makeSigningKey(algorithm)
  const [owner, other] = (await startCluster(2, { flags: await flagsOf(key) })) as [
    ClusterMember,
    ClusterMember,
  ]
  const service = await echoService()
  const token = await signToken(key, goodClaims())
  await startAgent(owner.addresses.upstream, service, { flags: ['--connect.token', token] })
  await knowsEndpoint(other, owner.id)

  const rows = [...OUTCOMES]
  // With a secret there is no public key to be confused with.
  if (!algorithm.startsWith('HS')) {
    rows.push(['a token signed with the public key', confused, everywhere('invalid token')])
  }
  const sent: string[] = []
  for (const [name, makeFields, { proxy, upstream, admin }] of rows) {
    const fields = await makeFields(key)
    sent.push(...Object.values(fields))
    expect({ name, ...(await outcomesOf(owner, other, fields)) }).toEqual({
      name,
      proxy,
      relayed: proxy,
      upgrade: proxy,
      upstream,
      admin,
      forwarded: admin,
    })
  }

  // Whatever was sent, no service saw Piko's token, and no log has one.
  const seen = service.requests.map(({ rawHeaders }) => rawHeaders.join('\n')).join('\n')
  const logged = JSON.stringify([owner, other].map(({ log }) => log.everything()))
  const tokens = sent.map((value) => value.split(' ').at(-1) as string)
  for (const secret of tokens.filter((value) => value.length > 20)) {
    expect(seen.includes(secret)).toBe(false)
    expect(logged.includes(secret)).toBe(false)
  }
  expect(seen).toContain('Basic c2VydmljZQ==')

  for (const path of ['/health', '/ready']) {
    expect((await adminPage(owner, path)).status).toBe(200)
  }
  expect((await adminPage(owner, '/metrics')).status).toBe(401)
})
