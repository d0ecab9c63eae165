import { isIP } from 'node:net'
import { checkServerIdentity, createSecureContext } from 'node:tls'
import type { ConnectionOptions, SecureContext, SecureContextOptions } from 'node:tls'
import { MIN_TLS_VERSION } from './tls-versions.ts'
import { TlsError } from './tls-error.ts'

/** What an outbound TLS connection trusts and shows. Certificates and keys are PEM. */
export interface ClientTlsOptions {
  /** Authorities that are trusted in the place of Node's own list. */
  readonly rootCas?: string | Buffer
  /** Shown to servers that ask for a certificate, with the chain behind it; goes with `key`. */
  readonly cert?: string | Buffer
  readonly key?: string | Buffer
  /** The name that the server's certificate must have, where it is not the dialled one. */
  readonly serverName?: string
  /** Takes any certificate: whoever is in between can read and change everything. */
  readonly insecureSkipVerify?: boolean
}

/** The TLS of outbound connections to one kind of server; read once, used for many dials. */
export class ClientTls {
  readonly hasCertificate: boolean
  private readonly serverName: string | undefined
  private readonly rejectUnauthorized: boolean
  private readonly options: SecureContextOptions
  private context: SecureContext | undefined

  /** Throws a TlsError when a certificate or key is none. */
  constructor(options: ClientTlsOptions = {}) {
    const { rootCas, cert, key, serverName, insecureSkipVerify = false } = options
    if (cert !== undefined && key === undefined) throw new TlsError('key', 'missing key')
    if (key !== undefined && cert === undefined) throw new TlsError('certificate', 'missing cert')
    this.hasCertificate = cert !== undefined
    this.serverName = serverName
    this.rejectUnauthorized = !insecureSkipVerify
    this.options = { ca: rootCas, cert, key, minVersion: MIN_TLS_VERSION }
    // Node's own list is large, and not everybody who has no files dials TLS.
    if ((rootCas ?? cert) !== undefined) this.context = contextOf(this.options)
  }

  /** For `tls.connect` and `https.request` to `host`, a name or an IP address without brackets. */
  connectOptions(host: string): ConnectionOptions {
    const { rejectUnauthorized } = this
    const secureContext = (this.context ??= contextOf(this.options))
    const name = this.serverName ?? host
    return {
      secureContext,
      rejectUnauthorized,
      // An IP address is no name to ask for (RFC 6066 §3), but certificates may have it.
      servername: isIP(name) === 0 ? name : '',
      checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
    }
  }
}

function contextOf(options: SecureContextOptions): SecureContext {
  try {
    return createSecureContext(options)
  } catch (cause) {
    throw new TlsError('certificate', 'root CAs, certificate or key cannot be used', { cause })
  }
}
