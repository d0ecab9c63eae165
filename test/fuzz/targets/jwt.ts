import { Buffer } from 'node:buffer'
import { createHmac, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { deepStrictEqual, strictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { allows } from '../../../src/auth/grant.ts'
import type { Scope } from '../../../src/auth/grant.ts'
import { JwtVerifier } from '../../../src/auth/jwt-verifier.ts'
import type { Verdict } from '../../../src/auth/jwt-verifier.ts'
import { StaticKeys } from '../../../src/auth/static-keys.ts'
import { ecdsaKey, hmacKey, rsaKey } from '../../../src/auth/verification-key.ts'
import { RecordingLogger } from '../../../src/log/recording-logger.ts'
import { blows, mostly, struck } from '../damage.ts'
import { fuzzTarget } from '../fuzz-target.ts'

const NOW_S = 1_700_000_000
const AUDIENCE = 'piko'
const SECRET = 'a secret that both sides share'
const RSA = generateKeyPairSync('rsa', { modulusLength: 2_048 })
const EC = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const RSA_PEM = pem(RSA.publicKey)

type Signer = (input: string) => Buffer

/** Who signs: with a key of the port, or as an attacker may. */
const SIGNERS = {
  HS256: (input) => hmac(SECRET, input),
  RS256: (input) => sign('sha256', Buffer.from(input), RSA.privateKey),
  ES256: (input) =>
    sign('sha256', Buffer.from(input), { key: EC.privateKey, dsaEncoding: 'ieee-p1363' }),
  none: () => Buffer.alloc(0),
  /** The public key is known to everybody: it must never serve as a secret. */
  confused: (input) => hmac(RSA_PEM, input),
  foreign: (input) => hmac('another secret', input),
} as const satisfies Record<string, Signer>

type Alg = 'HS256' | 'RS256' | 'ES256'

const alg = mostly<unknown>(
  fc.constantFrom('HS256', 'RS256', 'ES256'),
  fc.constantFrom('none', 'hs256', 'HS512', 'PS256', 'ES256K', '__proto__', 7, null, ['HS256']),
)
const kid = mostly<unknown>(fc.constant(undefined), fc.constantFrom('a', '', 3, '../../key'))
const oddHeader = mostly<object>(
  fc.constant({}),
  fc.constantFrom<object>(
    { crit: ['exp'] },
    { crit: ['b64'], b64: false },
    { b64: false },
    { jwk: { kty: 'oct', k: '' } },
    { zip: 'DEF' },
    { typ: 1 },
  ),
)
const header = fc
  .tuple(alg, kid, oddHeader)
  .map(([name, id, odd]) => Object.assign({ alg: name }, id === undefined ? {} : { kid: id }, odd))

const seconds = mostly<unknown>(
  fc.constantFrom(undefined, NOW_S - 1, NOW_S, NOW_S + 1, NOW_S + 0.5),
  fc.constantFrom('1800000000', null, 1e308, -1, true, [NOW_S + 9], {}),
)
const names = mostly<unknown>(
  fc.constantFrom(undefined, [], ['orders'], ['orders', 'team-*'], ['*']),
  fc.constantFrom('orders', null, [7], ['orders', null], {}, [[]]),
)
const piko = mostly<unknown>(
  fc.record({ endpoints: names, listen: names, connect: names }),
  fc.constantFrom(undefined, null, 7, 'x', [], { tenant_id: 7 }, { tenant_id: 'acme' }),
)
const audience = mostly<unknown>(
  fc.constantFrom(AUDIENCE, [AUDIENCE, 'others']),
  fc.constantFrom(undefined, 'others', [], [[AUDIENCE]], 7, null),
)
const claims = fc.record({ exp: seconds, nbf: seconds, iat: seconds, aud: audience, piko })

const inputs = fc.record({
  header,
  claims,
  /** Undefined signs as the header says. */
  signer: mostly<keyof typeof SIGNERS | undefined>(
    fc.constant(undefined),
    fc.constantFrom(...(Object.keys(SIGNERS) as (keyof typeof SIGNERS)[])),
  ),
  headerBlows: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, blows),
  claimsBlows: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, blows),
  tokenBlows: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, blows),
  requireEndpoints: fc.boolean(),
})

const ids = ['orders', 'team-a', 'others'] as const
const scopes = ['listen', 'connect'] as const

/** Tokens, right or not, and damaged before or after they were signed: only the right come in. */
export const jwt = fuzzTarget('jwt', inputs, async (input) => {
  const { requireEndpoints } = input
  const token = tokenOf(input)
  const logger = new RecordingLogger()
  const verifier = new JwtVerifier({
    keys: new StaticKeys([hmacKey(SECRET), rsaKey(RSA_PEM), ecdsaKey(pem(EC.publicKey))]),
    audience: AUDIENCE,
    issuer: '',
    requireEndpoints,
    logger,
    verified: () => {},
    now: () => NOW_S * 1_000,
  })
  const verdict = await verifier.verify(token)
  // "Not verified" would be an error that nobody thought of.
  deepStrictEqual(logger.entries, [])
  deepStrictEqual(await verifier.verify(token), verdict)
  strictEqual(verifier.knows(token), !('refused' in verdict))
  const expected = readNaively(token)
  strictEqual('refused' in verdict ? 'refused' : 'granted', outcomeOf(expected))
  if (!('refused' in verdict)) comparePermissions(verdict, { ...expected, requireEndpoints })
})

function tokenOf(input: typeof inputs extends fc.Arbitrary<infer Input> ? Input : never): string {
  const head = encode(struck(Buffer.from(JSON.stringify(input.header)), input.headerBlows))
  const body = encode(struck(Buffer.from(JSON.stringify(input.claims)), input.claimsBlows))
  const named = String(input.header.alg)
  const who = input.signer ?? (Object.hasOwn(SIGNERS, named) ? (named as Alg) : 'foreign')
  const signature = encode(SIGNERS[who](`${head}.${body}`))
  const token = Buffer.from(`${head}.${body}.${signature}`)
  return Buffer.from(struck(token, input.tokenBlows)).toString('latin1')
}

interface Reading {
  readonly isSigned: boolean
  readonly claims: Readonly<Record<string, unknown>>
}

/** RFC 7515 and 7519 as one reads them, with node:crypto. */
function readNaively(token: string): Reading {
  const [head = '', body = '', signature = '', ...others] = token.split('.')
  const fields = jsonOf(head)
  // RFC 7519 §7.2: the claims are UTF-8.
  const payload = jsonOf(body, { fatal: true })
  const isWhole = fields !== undefined && payload !== undefined && others.length === 0
  // RFC 7515 §4.1.11: what has to be understood and is not.
  const isCritical = fields !== undefined && 'crit' in fields
  const isSigned = isWhole && !isCritical && isSignature(fields, `${head}.${body}`, signature)
  return { isSigned, claims: payload ?? {} }
}

function isSignature(fields: Record<string, unknown>, input: string, signature: string): boolean {
  const { alg: name, kid: id } = fields
  if (id !== undefined && typeof id !== 'string') return false
  const bytes = bytesOf(signature)
  if (bytes === undefined) return false
  const data = Buffer.from(input)
  switch (name) {
    case 'HS256':
      return hmac(SECRET, input).equals(bytes)
    case 'RS256':
      return verify('sha256', data, RSA.publicKey, bytes)
    case 'ES256':
      return verify('sha256', data, { key: EC.publicKey, dsaEncoding: 'ieee-p1363' }, bytes)
    default:
      return false
  }
}

function outcomeOf({ isSigned, claims: { exp, nbf, iat, aud, piko: own } }: Reading) {
  const areTimes = [exp, nbf, iat].every((time) => time === undefined || typeof time === 'number')
  const isNow = !(Number(exp) <= NOW_S) && !(Number(nbf) > NOW_S)
  const isMeant = aud === AUDIENCE || (Array.isArray(aud) && aud.includes(AUDIENCE))
  return isSigned && areTimes && isNow && isMeant && isGrant(own) ? 'granted' : 'refused'
}

function isGrant(own: unknown): boolean {
  if (own === undefined) return true
  if (typeof own !== 'object' || own === null || Array.isArray(own)) return false
  const { endpoints, listen, connect, tenant_id: tenant } = own as Record<string, unknown>
  const lists = [endpoints, listen, connect].filter((list) => list !== undefined && list !== null)
  const areLists = lists.every(
    (list) => Array.isArray(list) && list.every((name) => typeof name === 'string'),
  )
  return areLists && (tenant === undefined || typeof tenant === 'string')
}

function comparePermissions(
  verdict: Exclude<Verdict, { refused: unknown }>,
  expected: Reading & { requireEndpoints: boolean },
): void {
  const own = (expected.claims['piko'] ?? {}) as Record<string, readonly string[] | undefined>
  for (const scope of scopes) {
    for (const id of ids) {
      const may = mayNaively(own, scope, id) ?? !expected.requireEndpoints
      strictEqual(allows(verdict, scope, id), may, `${scope} ${id}`)
    }
  }
}

/** Undefined where the token leaves it to the configuration. */
function mayNaively(
  own: Readonly<Record<string, readonly string[] | undefined | null>>,
  scope: Scope,
  id: string,
): boolean | undefined {
  const { endpoints } = own
  const list = own[scope] ?? (endpoints?.length === 0 ? undefined : endpoints)
  if (list) return list.some((name) => name === id || (name.endsWith('*') && isBegun(name, id)))
  return own['listen'] || own['connect'] ? false : undefined
}

function isBegun(name: string, id: string): boolean {
  return id.slice(0, name.length - 1) === name.slice(0, -1)
}

function jsonOf(part: string, options?: { fatal: boolean }): Record<string, unknown> | undefined {
  const bytes = bytesOf(part)
  if (bytes === undefined) return undefined
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', options).decode(bytes))
    const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isRecord ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function bytesOf(part: string): Buffer | undefined {
  return /^[\w-]*$/.test(part) ? Buffer.from(part, 'base64url') : undefined
}

function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}

function hmac(secret: string, input: string): Buffer {
  return createHmac('sha256', secret).update(input).digest()
}

function pem(key: KeyObject): string {
  return createPublicKey(key.export({ type: 'spki', format: 'pem' }))
    .export({ type: 'spki', format: 'pem' })
    .toString()
}
