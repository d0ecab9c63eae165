import type { RequestListener } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { KeyServer } from '../../test/support/key-server.ts'
import { makeSigningKey, publicJwk, signToken } from '../../test/support/token-keys.ts'
import type { SigningKey } from '../../test/support/token-keys.ts'
import { RecordingLogger } from '../log/recording-logger.ts'
import { JwksKeys } from './jwks-keys.ts'
import type { JwksOptions } from './jwks-keys.ts'
import { JwtVerifier } from './jwt-verifier.ts'

const first = makeSigningKey('ES256')
const second = makeSigningKey('ES384')

async function verifierAt(server: KeyServer, options: Partial<JwksOptions> = {}) {
  const logger = new RecordingLogger()
  const loads: boolean[] = []
  const keys = new JwksKeys({
    url: server.url,
    cacheTtlMs: 3_600_000,
    timeoutMs: 5_000,
    lookAgainMs: 0,
    logger,
    loaded: (isGood) => loads.push(isGood),
    ...options,
  })
  onTestFinished(() => keys.close())
  await keys.start()
  const verifier = new JwtVerifier({
    keys,
    audience: '',
    issuer: '',
    requireEndpoints: false,
    logger,
    verified: () => {},
  })
  const outcome = async (key: SigningKey, kid?: string, sub = '') => {
    const verdict = await verifier.verify(await signToken(key, { sub }, kid))
    return 'refused' in verdict ? verdict.refused : 'in'
  }
  const reasons = () => logger.entries.map(({ fields }) => fields['reason']).filter(Boolean)
  return { keys, outcome, loads, reasons }
}

test('a token is verified by the key that it names, or by any when it names none', async () => {
  const server = await KeyServer.start()
  server.serve({ a: first, b: second })
  const { outcome } = await verifierAt(server)
  expect(await outcome(first, 'a')).toBe('in')
  expect(await outcome(second, 'b')).toBe('in')
  expect(await outcome(second)).toBe('in')
  expect(await outcome(first, 'b')).toBe('invalid-token')
  expect(await outcome(makeSigningKey('ES256'), 'a')).toBe('invalid-token')
})

test('of keys that rotate a new one is found at once, one that is gone is of no use', async () => {
  const server = await KeyServer.start()
  server.serve({ a: first })
  const { outcome } = await verifierAt(server)
  expect(await outcome(first, 'a')).toBe('in')
  server.serve({ b: second })
  expect(await outcome(second, 'b')).toBe('in')
  expect(server.asked).toBe(2)
  // It was verified before, and is verified anew: nothing is known of it any more.
  expect(await outcome(first, 'a')).toBe('invalid-token')
})

test('unknown key ids make the set be loaded as often as is allowed, and no more', async () => {
  const server = await KeyServer.start()
  server.serve({ a: first })
  const { outcome } = await verifierAt(server, { lookAgainMs: 3_600_000 })
  const wrong = ['b', 'c', 'd', 'e'].map(async (kid) => outcome(second, kid, kid))
  expect(new Set(await Promise.all(wrong))).toEqual(new Set(['invalid-token']))
  expect(await outcome(second, 'f')).toBe('invalid-token')
  expect(server.asked).toBe(2)
})

test('a server that fails leaves the keys as they are, and strange tokens undecided', async () => {
  const server = await KeyServer.start()
  server.serve({ a: first })
  const { outcome, reasons } = await verifierAt(server)
  server.say('', 503)
  expect(await outcome(second, 'b')).toBe('unavailable')
  expect(await outcome(first, 'a')).toBe('in')
  expect(reasons()).toEqual(['it answers with status 503'])
})

test('without a first answer nobody can tell, until there is one', async () => {
  const server = await KeyServer.start()
  server.say('', 500)
  const { outcome } = await verifierAt(server)
  expect(await outcome(first, 'a')).toBe('unavailable')
  server.serve({ a: first })
  expect(await outcome(first, 'a')).toBe('in')
})

test('a set is loaded again in the background before it is too old', async () => {
  const server = await KeyServer.start()
  server.serve({ a: first })
  const { loads } = await verifierAt(server, { cacheTtlMs: 20 })
  await expect.poll(() => loads.length).toBeGreaterThan(3)
  expect(loads).not.toContain(false)
})

test('while the server fails it is asked again and again', async () => {
  const server = await KeyServer.start()
  server.serve({ a: first })
  const { loads } = await verifierAt(server, { cacheTtlMs: 20 })
  server.say('', 500)
  await expect.poll(() => loads.filter((isGood) => !isGood).length).toBeGreaterThan(2)
  server.serve({ a: first })
  const before = loads.length
  await expect.poll(() => loads.slice(before).includes(true)).toBe(true)
})

const rsa1024 = { kty: 'RSA', e: 'AQAB', n: Buffer.alloc(128, 0xab).toString('base64url') }

const NEVER = 'an answer that never comes'

const LIES: readonly (readonly [string, RequestListener | string, string])[] = [
  ['no JSON', '<html>sorry</html>', 'it is not JSON'],
  ['JSON that is no set', '["keys"]', 'it is no key set'],
  ['keys that are no list', '{"keys":{}}', 'it is no key set'],
  ['no key', '{"keys":[]}', 'none of its keys can verify signatures'],
  [
    'keys of no use',
    JSON.stringify({
      keys: [
        null,
        'a',
        {},
        rsa1024,
        publicJwk(first, { use: 'enc' }),
        publicJwk(first, { key_ops: ['sign'] }),
        publicJwk(first, { alg: 'ES512' }),
        { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' },
      ],
    }),
    'none of its keys can verify signatures',
  ],
  [
    'more keys than anybody has',
    JSON.stringify({ keys: Array.from({ length: 101 }, () => ({})) }),
    'it has more than 100 keys',
  ],
  [
    'an answer without end',
    (_request, response) => {
      const more = (): void => {
        while (response.write('a'.repeat(16_384)));
        response.once('drain', more)
      }
      more()
    },
    'its answer is too large',
  ],
  [
    NEVER,
    (_request, response) => void response.write('{'),
    'it takes too long to answer: The operation was aborted due to timeout',
  ],
  [
    'a redirect',
    (_request, response) => response.writeHead(302, { location: '/elsewhere' }).end(),
    'it answers with status 302',
  ],
  [
    'an answer that breaks off',
    (request, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('{')
      request.socket.end()
    },
    'other side closed',
  ],
]

test.each(LIES)('%s changes nothing, and the log says why', async (name, lie, reason) => {
  const server = await KeyServer.start()
  server.serve({ a: first })
  const timeoutMs = name === NEVER ? 1_000 : 30_000
  const { keys, outcome, reasons } = await verifierAt(server, { timeoutMs })
  if (typeof lie === 'string') server.say(lie)
  else server.answer = lie
  expect(await keys.load()).toBe(false)
  expect(reasons()).toEqual([reason])
  expect(await outcome(first, 'a')).toBe('in')
})

test('a key set in a file that is not there is a mistake', async () => {
  const server = { url: new URL('file:///nowhere/keys.json') } as KeyServer
  await expect(verifierAt(server)).rejects.toThrow(/keys\.json is unusable/)
})
