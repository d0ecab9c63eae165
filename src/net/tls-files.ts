import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { errorCode } from '../std/errors.ts'
import { TlsError } from './tls-error.ts'

/** Paths of PEM files with a certificate, the chain behind it, and its key. */
export interface CertificateFiles {
  readonly cert: string
  readonly key: string
}

/** A certificate that fits its key. */
export interface LoadedCertificate {
  readonly cert: Buffer
  readonly key: Buffer
  /** When it stops to be valid, in milliseconds since the epoch. */
  readonly expiresMs: number
}

/** Throws a TlsError that says what is wrong with which file. */
export function readCertificate({ cert: certPath, key: keyPath }: CertificateFiles) {
  const cert = read(certPath, 'certificate', 'cert')
  const key = read(keyPath, 'key', 'key')
  const leaf = parse('certificate', `cert ${certPath} is no PEM certificate`, () => {
    return new X509Certificate(cert)
  })
  const privateKey = parse('key', `key ${keyPath} is no PEM private key without passphrase`, () => {
    return createPrivateKey(key)
  })
  if (!leaf.checkPrivateKey(privateKey)) {
    throw new TlsError('key', `key ${keyPath} is not the key of ${certPath}`)
  }
  return { cert, key, expiresMs: Date.parse(leaf.validTo) } satisfies LoadedCertificate
}

/** Reads a PEM file with one or more authorities. `name` is the setting: `client cas`. */
export function readAuthorities(path: string, name: string): Buffer {
  const pem = read(path, 'authorities', name)
  const blocks = pem.toString('latin1').match(CERTIFICATE_BLOCK) ?? []
  if (blocks.length === 0) {
    throw new TlsError('authorities', `${name} ${path} holds no PEM certificate`)
  }
  parse('authorities', `${name} ${path} holds a broken certificate`, () => {
    return blocks.map((block) => new X509Certificate(block))
  })
  return pem
}

const CERTIFICATE_BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g

function read(path: string, code: TlsError['code'], name: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    const known = READ_FAILURES[errorCode(cause) ?? '']
    if (known !== undefined) throw new TlsError(code, `${name} ${path} ${known}`)
    throw new TlsError(code, `${name} ${path} cannot be read`, { cause })
  }
}

const READ_FAILURES: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read by this user',
  EISDIR: 'is a directory',
}

function parse<Value>(code: TlsError['code'], failure: string, action: () => Value): Value {
  try {
    return action()
  } catch (cause) {
    throw new TlsError(code, failure, { cause })
  }
}
