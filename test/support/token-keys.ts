import { execFileSync } from 'node:child_process'
import { createPrivateKey, createPublicKey, createSecretKey } from 'node:crypto'
import type { JsonWebKey, KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'
import type { JWTPayload } from 'jose'

/** A key that tokens are signed with, made by openssl. */
export interface SigningKey {
  readonly algorithm: string
  readonly privateKey: KeyObject
  /** What verifies: a public key in PEM, or the secret itself. */
  readonly verifier: string
}

const RSA = ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048']
const EC = (curve: string) => ['-algorithm', 'EC', '-pkeyopt', `ec_paramgen_curve:${curve}`]

/** A new key for RS256, ES384, HS512, … */
export function makeSigningKey(algorithm: string): SigningKey {
  if (algorithm.startsWith('HS')) {
    const verifier = openssl(['rand', '-hex', '64']).trim()
    return { algorithm, verifier, privateKey: createSecretKey(verifier, 'utf8') }
  }
  const curves: Record<string, string> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }
  const curve = curves[algorithm]
  const pem = openssl(['genpkey', ...(curve === undefined ? RSA : EC(curve))])
  const verifier = openssl(['pkey', '-pubout'], pem)
  return { algorithm, verifier, privateKey: createPrivateKey(pem) }
}

/** A token with these claims; `kid` goes into its header. */
export async function signToken(
  { algorithm, privateKey }: SigningKey,
  claims: JWTPayload = {},
  kid?: string,
): Promise<string> {
  const header = { alg: algorithm, ...(kid !== undefined && { kid }) }
  return new SignJWT(claims).setProtectedHeader(header).sign(privateKey)
}

/** The key as a member of a key set. */
export function publicJwk({ verifier }: SigningKey, fields: JsonWebKey = {}): JsonWebKey {
  return { ...createPublicKey(verifier).export({ format: 'jwk' }), ...fields }
}

/** Seconds since 1970, as claims have it. */
export function secondsFromNow(seconds: number): number {
  return Math.floor(Date.now() / 1_000) + seconds
}

function openssl(args: readonly string[], input = ''): string {
  return execFileSync('openssl', args, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] })
}
