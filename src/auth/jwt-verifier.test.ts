import { expect, test } from 'vitest'
import { makeSigningKey, signToken } from '../../test/support/token-keys.ts'
import { RecordingLogger } from '../log/recording-logger.ts'
import { JwtVerifier } from './jwt-verifier.ts'
import type { JwtVerifierOptions } from './jwt-verifier.ts'
import type { KeySource } from './key-source.ts'
import { StaticKeys } from './static-keys.ts'
import { ecdsaKey, hmacKey } from './verification-key.ts'

const signer = makeSigningKey('ES256')
const other = makeSigningKey('ES256')
const NOW_S = 1_800_000_000

/** A verifier at a moment that the test sets, and how each token was verified. */
function start(options: Partial<JwtVerifierOptions> = {}) {
  const clock = { nowMs: NOW_S * 1_000 }
  const how: string[] = []
  const keys = new StaticKeys([ecdsaKey(signer.verifier)])
  const logger = new RecordingLogger()
  const verifier = new JwtVerifier({
    keys,
    audience: '',
    issuer: '',
    requireEndpoints: false,
    logger,
    verified: (way) => how.push(way),
    now: () => clock.nowMs,
    ...options,
  })
  const outcome = async (token: string) => {
    const verdict = await verifier.verify(token)
    return 'refused' in verdict ? verdict.refused : 'in'
  }
  return { verifier, outcome, keys, clock, how, logger }
}

test('a burst of one token costs one signature, and later ones none', async () => {
  const { verifier, outcome, how } = start()
  const token = await signToken(signer, { exp: NOW_S + 60 })
  expect(verifier.knows(token)).toBe(false)
  const burst = await Promise.all(Array.from({ length: 50 }, async () => outcome(token)))
  expect(new Set(burst)).toEqual(new Set(['in']))
  expect(how).toEqual(['signature'])
  expect(verifier.knows(token)).toBe(true)
  expect(verifier.verify(token)).not.toBeInstanceOf(Promise)
  expect(how).toEqual(['signature', 'cache'])
})

test('a token that is known ends at its time all the same', async () => {
  const { outcome, clock } = start()
  const token = await signToken(signer, { exp: NOW_S + 60 })
  expect(await outcome(token)).toBe('in')
  clock.nowMs += 59_999
  expect(await outcome(token)).toBe('in')
  clock.nowMs += 1
  expect(await outcome(token)).toBe('expired-token')
})

test('a token is refused before its time, and in from then on', async () => {
  const { outcome, clock } = start()
  const token = await signToken(signer, { nbf: NOW_S + 1 })
  expect(await outcome(token)).toBe('invalid-token')
  clock.nowMs += 1_000
  expect(await outcome(token)).toBe('in')
})

test('other keys make known tokens be verified anew', async () => {
  const { outcome, keys } = start()
  const token = await signToken(signer)
  expect(await outcome(token)).toBe('in')
  keys.replace([ecdsaKey(other.verifier)])
  expect(await outcome(token)).toBe('invalid-token')
  keys.replace([ecdsaKey(other.verifier), ecdsaKey(signer.verifier)])
  expect(await outcome(token)).toBe('in')
})

test('a token that was being verified while the keys changed is verified anew', async () => {
  const { outcome, keys } = start()
  const token = await signToken(signer)
  const pending = outcome(token)
  keys.replace([ecdsaKey(other.verifier)])
  await pending
  expect(await outcome(token)).toBe('invalid-token')
})

test('a secret verifies nothing that was signed with another', async () => {
  const keys = new StaticKeys([hmacKey('a secret that is long enough for HS256')])
  const { outcome } = start({ keys })
  expect(await outcome(await signToken(makeSigningKey('HS256')))).toBe('invalid-token')
})

test.each([' ', '\t', '\n', '=', '+', '.'])('a token with %j anywhere is none', async (odd) => {
  const { outcome, how } = start()
  const token = await signToken(signer)
  const ends = [...token.matchAll(/\./g)].map(({ index }) => index)
  for (const at of [0, ...ends, ...ends.map((end) => end + 1), token.length - 1, token.length]) {
    expect(await outcome(`${token.slice(0, at)}${odd}${token.slice(at)}`)).toBe('invalid-token')
  }
  expect(how).toEqual([])
})

test('what is too long to be a token is not looked at', async () => {
  const { outcome, how } = start()
  expect(await outcome(`${'a'.repeat(20_000)}.b.c`)).toBe('invalid-token')
  expect(how).toEqual([])
})

test('keys that cannot be had leave everybody undecided, and the log says why', async () => {
  const keys: KeySource = {
    version: 0,
    start: async () => {},
    close: () => {},
    candidates: () => [],
    lookAgain: async () => {
      throw new Error('no disk')
    },
  }
  const { outcome, logger } = start({ keys })
  expect(await outcome(await signToken(signer))).toBe('unavailable')
  expect(logger.entries.map(({ fields }) => fields['reason'])).toEqual(['no disk'])
})

test('tokens that wait for newer keys do not keep out those that need none', async () => {
  let answer: (isGood: boolean) => void = () => {}
  const answered = new Promise<boolean>((resolve) => {
    answer = resolve
  })
  const known = ecdsaKey(signer.verifier)
  const keys: KeySource = {
    version: 0,
    start: async () => {},
    close: () => {},
    candidates: (id) => (id === 'known' ? [known] : []),
    lookAgain: async () => answered,
  }
  const { outcome } = start({ keys })
  const strange = await Promise.all(
    Array.from({ length: 300 }, async (_, i) => signToken(other, { sub: `${i}` }, 'strange')),
  )
  const waiting = strange.map(outcome)
  expect(await outcome(await signToken(signer, {}, 'known'))).toBe('in')
  answer(true)
  // Beyond so many nobody waits: the answer is that nobody can tell.
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(['invalid-token', 'unavailable']))
})
