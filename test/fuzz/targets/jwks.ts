import { Buffer } from 'node:buffer'
import { ok } from 'node:assert/strict'
import fc from 'fast-check'
import { parseJwks } from '../../../src/auth/jwks-document.ts'
import { damaged, mostly } from '../damage.ts'
import { fuzzTarget } from '../fuzz-target.ts'

/** RFC 7515, Appendix A.2 and A.3, without the private parts. */
const RSA = {
  kty: 'RSA',
  n:
    'ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJ' +
    'PMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0' +
    'LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uD' +
    'Zlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2' +
    'PAcDTW9gb54h4FRWyuXpoQ',
  e: 'AQAB',
}
const EC = {
  kty: 'EC',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
}

const material = mostly<object>(
  fc.constantFrom<object>(RSA, EC, { kty: 'oct', k: 'c2VjcmV0' }),
  fc.constantFrom<object>(
    { ...EC, crv: 'P-521' },
    { ...RSA, n: 'AQAB' },
    { ...RSA, e: '' },
    { kty: 'OKP', crv: 'X25519', x: 'AA' },
    { kty: 'oct', k: 7 },
    { kty: '__proto__' },
  ),
)
const use = mostly<object>(
  fc.constantFrom<object>({}, { use: 'sig' }, { key_ops: ['verify'] }, { alg: 'RS256' }),
  fc.constantFrom<object>({ use: 'enc' }, { key_ops: 'verify' }, { alg: 'none' }, { alg: 7 }),
)
const id = fc.constantFrom<object>({ kid: 'a' }, { kid: 'b' }, {}, { kid: 7 })
const member = mostly<unknown>(
  fc.tuple(material, use, id).map(([kind, ...fields]) => Object.assign({}, kind, ...fields)),
  fc.constantFrom<unknown>(null, 7, 'key', [], [EC]),
)
const MANY = { keys: Array.from({ length: 101 }, () => EC) }
const documents = mostly<unknown>(
  fc.array(member, { maxLength: 4 }).map((keys) => ({ keys })),
  fc.constantFrom<unknown>([], {}, { keys: {} }, { keys: 7 }, null, MANY),
).map((value) => Buffer.from(JSON.stringify(value)))

const SYMMETRIC = new Set(['HS256', 'HS384', 'HS512'])

/** Key sets of a server that lies: each key is good for what it is, and for nothing else. */
export const jwks = fuzzTarget('jwks', damaged(documents), (bytes) => {
  const text = Buffer.from(bytes).toString('utf8')
  try {
    const keys = parseJwks(text)
    ok(keys.length > 0 && keys.length <= 100)
    for (const { key, algorithms } of keys) {
      ok(algorithms.length > 0)
      const isSecret = key.type === 'secret'
      ok(isSecret || key.type === 'public')
      for (const algorithm of algorithms) ok(SYMMETRIC.has(algorithm) === isSecret)
    }
  } catch (error) {
    // What is wrong is logged; what the server sent is not.
    ok(error instanceof Error && /^(it is |it has |none of )/.test(error.message), String(error))
  }
})
