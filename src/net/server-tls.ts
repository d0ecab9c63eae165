import type { SecureContextOptions, Server, TlsOptions } from 'node:tls'
import { TlsError } from './tls-error.ts'
import { readAuthorities, readCertificate } from './tls-files.ts'
import type { CertificateFiles, LoadedCertificate } from './tls-files.ts'
import { MIN_TLS_VERSION, TLS_CIPHERS } from './tls-versions.ts'

/** Paths of PEM files; '' where there is none. */
export interface ServerTlsFiles extends CertificateFiles {
  /** Authorities of client certificates. With them, who shows none is not let in. */
  readonly clientCas: string
}

/** Who has not finished the handshake by then is a stranger or gone. */
const HANDSHAKE_TIMEOUT_MS = 10_000

/** The TLS of a listening port, from files that may be renewed while it listens. */
export class ServerTls {
  private readonly files: ServerTlsFiles
  private readonly servers = new Set<Server>()
  private current: Loaded

  /** Throws a TlsError when a file cannot be used. */
  constructor(files: ServerTlsFiles) {
    this.files = files
    this.current = load(files)
  }

  /** When the certificate stops to be valid, in milliseconds since the epoch. */
  get expiresMs(): number {
    return this.current.expiresMs
  }

  /** For a server that is made with them and then handed to `keep`. */
  get serverOptions(): TlsOptions {
    const asksForCertificate = this.files.clientCas !== ''
    return {
      ...contextOf(this.current),
      requestCert: asksForCertificate,
      rejectUnauthorized: asksForCertificate,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      ALPNProtocols: ['http/1.1'],
    }
  }

  /** Makes the server use every certificate that is to come. */
  keep(server: Server): void {
    this.servers.add(server)
    server.once('close', () => this.servers.delete(server))
  }

  /**
   * Reads the files again and says whether they changed. New connections get the new certificate,
   * open ones stay. Throws a TlsError when a file cannot be used, or would take a valid
   * certificate's place with one that has expired by `nowMs`; then everything is left as it is.
   */
  renew(nowMs: number): boolean {
    const next = load(this.files)
    if (isSame(next, this.current)) return false
    if (next.expiresMs <= nowMs && this.current.expiresMs > nowMs) {
      const date = new Date(next.expiresMs).toISOString()
      throw new TlsError('certificate', `cert ${this.files.cert} has expired on ${date}`)
    }
    this.current = next
    for (const server of this.servers) server.setSecureContext(contextOf(next))
    return true
  }
}

interface Loaded extends LoadedCertificate {
  readonly ca: Buffer | undefined
}

function load(files: ServerTlsFiles): Loaded {
  const { clientCas } = files
  const ca = clientCas === '' ? undefined : readAuthorities(clientCas, 'client cas')
  return { ...readCertificate(files), ca }
}

function contextOf({ cert, key, ca }: Loaded): SecureContextOptions {
  return {
    cert,
    key,
    ca,
    minVersion: MIN_TLS_VERSION,
    ciphers: TLS_CIPHERS,
    honorCipherOrder: true,
  }
}

function isSame(left: Loaded, right: Loaded): boolean {
  const isSameCa = left.ca === undefined || right.ca === undefined || left.ca.equals(right.ca)
  return isSameCa && left.cert.equals(right.cert) && left.key.equals(right.key)
}
