import { createPublicKey, createSecretKey } from 'node:crypto'
import type { JsonWebKey, KeyObject } from 'node:crypto'

/** A key that signatures are checked with. */
export interface VerificationKey {
  readonly key: KeyObject
  /** The `kid` of a key set; undefined fits every token. */
  readonly id: string | undefined
  /** What the key may be used with: the key says so, never the token (RFC 8725 §3.1). */
  readonly algorithms: readonly string[]
}

/** What is missing below this is broken, and jose refuses it (RFC 7518 §3.3). */
const RSA_BITS_MIN = 2_048

const HMAC = ['HS256', 'HS384', 'HS512']
const RSA = ['RS256', 'RS384', 'RS512']
const RSA_PSS = ['PS256', 'PS384', 'PS512']

/** RFC 7518 §3.4: the curve belongs to the algorithm. Names are OpenSSL's. */
const ECDSA: ReadonlyMap<string | undefined, readonly string[]> = new Map([
  ['prime256v1', ['ES256']],
  ['secp384r1', ['ES384']],
  ['secp521r1', ['ES512']],
])

/** A secret that both sides share; its bytes are its UTF-8. */
export function hmacKey(secret: string): VerificationKey {
  return { key: createSecretKey(secret, 'utf8'), id: undefined, algorithms: HMAC }
}

/** An RSA public key or certificate in PEM. Throws an Error that says what is wrong with it. */
export function rsaKey(pem: string): VerificationKey {
  const key = publicKey(pem)
  if (key.asymmetricKeyType !== 'rsa') throw new Error(`it is a key for ${key.asymmetricKeyType}`)
  const { modulusLength = 0 } = key.asymmetricKeyDetails ?? {}
  if (modulusLength < RSA_BITS_MIN) {
    throw new Error(`${modulusLength} bits are too few, ${RSA_BITS_MIN} is the least`)
  }
  return { key, id: undefined, algorithms: RSA }
}

/** The same for an elliptic curve: P-256, P-384 or P-521. */
export function ecdsaKey(pem: string): VerificationKey {
  const key = publicKey(pem)
  if (key.asymmetricKeyType !== 'ec') throw new Error(`it is a key for ${key.asymmetricKeyType}`)
  const { namedCurve } = key.asymmetricKeyDetails ?? {}
  const algorithms = ECDSA.get(namedCurve)
  if (algorithms === undefined) throw new Error(`the curve ${namedCurve} is not supported`)
  return { key, id: undefined, algorithms }
}

/** A member of a key set; undefined when it is not for signatures, or of a kind unknown here. */
export function keyOfJwk(jwk: JsonWebKey): VerificationKey | undefined {
  const { kid, use, key_ops: operations } = jwk
  if (use !== undefined && use !== 'sig') return undefined
  if (Array.isArray(operations) && !operations.includes('verify')) return undefined
  const key = importJwk(jwk)
  const possible = key === undefined ? [] : algorithmsOf(key)
  const algorithms = typeof jwk['alg'] === 'string' ? possible.filter(is(jwk['alg'])) : possible
  if (key === undefined || algorithms.length === 0) return undefined
  return { key, id: typeof kid === 'string' ? kid : undefined, algorithms }
}

function importJwk(jwk: JsonWebKey): KeyObject | undefined {
  try {
    if (jwk.kty !== 'oct') return createPublicKey({ key: jwk, format: 'jwk' })
    return jwk.k === undefined ? undefined : createSecretKey(Buffer.from(jwk.k, 'base64url'))
  } catch {
    return undefined
  }
}

function algorithmsOf(key: KeyObject): readonly string[] {
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {}
  switch (key.asymmetricKeyType) {
    case undefined:
      return HMAC
    case 'rsa':
      return modulusLength < RSA_BITS_MIN ? [] : [...RSA, ...RSA_PSS]
    case 'ec':
      return ECDSA.get(namedCurve) ?? []
    case 'ed25519':
      return ['EdDSA', 'Ed25519']
    default:
      return []
  }
}

function publicKey(pem: string): KeyObject {
  // Node would take the public half of it; whoever put it there should know.
  if (pem.includes('PRIVATE KEY')) throw new Error('it is a private key')
  try {
    return createPublicKey(pem)
  } catch (cause) {
    throw new Error('it is no public key in PEM', { cause })
  }
}

function is(wanted: string): (value: string) => boolean {
  return (value) => value === wanted
}
