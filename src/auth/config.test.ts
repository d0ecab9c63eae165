import { expect, test } from 'vitest'
import { makeSigningKey } from '../../test/support/token-keys.ts'
import { loadConfig } from '../config/load-config.ts'
import { formatProblems } from '../config/format-problems.ts'
import type { ConfigError } from '../config/problem.ts'
import { section } from '../config/section.ts'
import { authSection, isAuthEnabled } from './config.ts'

const root = section({ auth: authSection })
const load = (...argv: readonly string[]) => loadConfig(root, { argv }).auth
const ecKey = makeSigningKey('ES256').verifier
const rsaKey = makeSigningKey('RS256').verifier

test('a port asks for tokens as soon as it has a key of any kind', () => {
  expect(isAuthEnabled(load())).toBe(false)
  expect(isAuthEnabled(load('--auth.hmac-secret-key=a'))).toBe(true)
  expect(isAuthEnabled(load(`--auth.rsa-public-key=${rsaKey}`))).toBe(true)
  expect(isAuthEnabled(load(`--auth.ecdsa-public-key=${ecKey}`))).toBe(true)
  expect(isAuthEnabled(load('--auth.jwks.endpoint=https://id.example/keys'))).toBe(true)
})

const PRIVATE = '-----BEGIN PRIVATE KEY-----\nhunter2'
const WITH_PASSWORD = 'https://me:hunter2@id.example/keys'

test.each([
  [
    'a key beside a key set',
    ['hmac-secret-key=hunter2', 'jwks.endpoint=https://id.example'],
    'no other verification key can be set when JWKS.Endpoint is set',
  ],
  ['claims without a key', ['audience=piko'], 'missing verification key'],
  ['endpoints that are required of nobody', ['require-endpoints'], 'missing verification key'],
  ['a private key', [`rsa-public-key=${PRIVATE}`], 'parse rsa public key: it is a private key'],
  ['no key', ['ecdsa-public-key=hunter2'], 'parse ecdsa public key: it is no public key in PEM'],
  [
    'a key of the other kind',
    [`rsa-public-key=${ecKey}`],
    'parse rsa public key: it is a key for ec',
  ],
  ['a key set of a strange kind', ['jwks.endpoint=ftp://id.example'], 'unsupported scheme: ftp'],
  ['a password in a URL', [`jwks.endpoint=${WITH_PASSWORD}`], 'endpoint cannot hold a password'],
])('%s is a mistake, and shows no secret', (_name, settings, expected) => {
  let said = ''
  try {
    load(...settings.map((setting) => `--auth.${setting}`))
  } catch (error) {
    said = formatProblems(error as ConfigError)
  }
  expect(said).toContain(expected)
  expect(said).not.toContain('hunter2')
})
