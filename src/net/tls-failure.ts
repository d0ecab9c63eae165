import type { PeerCertificate } from 'node:tls'
import { errorCode } from '../std/errors.ts'

const UNKNOWN_AUTHORITY =
  'its certificate is signed by an authority that is not trusted here; name that as root CA'
const CLIENT_CERTIFICATE_REFUSED = 'it does not accept the client certificate'
const NO_TLS = 'it does not speak TLS; a URL that begins with http:// reaches it'

/** What Node finds when it checks the server's certificate, by the code of its error. */
const BY_CODE: Readonly<Record<string, string>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; is this clock right?',
  CERT_REVOKED: 'its certificate was revoked',
}

/** What OpenSSL finds in the handshake, or is told by the server, by its words. */
const BY_REASON: readonly (readonly [RegExp, string])[] = [
  [/wrong version number|packet length too long|http request/, NO_TLS],
  [/alert certificate required/, 'it asks for a client certificate'],
  // TLS 1.2 has no alert of its own for a certificate that is missing.
  [/alert handshake failure/, 'it refused the handshake; it may ask for a client certificate'],
  [/alert (bad|unsupported) certificate|alert unknown ca/, CLIENT_CERTIFICATE_REFUSED],
  [/alert certificate (expired|revoked|unknown)/, CLIENT_CERTIFICATE_REFUSED],
  [/alert protocol version|unsupported protocol/, 'it and this program share no TLS version'],
]

/**
 * Says in words why a TLS connection to a server failed: `its certificate has expired`. Undefined
 * when TLS is not to blame. `hasCertificate`: a client certificate was shown.
 */
export function explainTlsFailure(error: Error, hasCertificate: boolean): string | undefined {
  const code = errorCode(error) ?? ''
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return wrongName(error)
  const known = BY_CODE[code]
  if (known !== undefined) return known
  const reason = /SSL routines:[^:]*:([^:]+)/.exec(error.message)?.[1]
  if (reason !== undefined) {
    return BY_REASON.find(([words]) => words.test(reason))?.[1] ?? `TLS failed: ${reason}`
  }
  // Node's servers close without an alert over a client certificate that they do not accept.
  if (code !== 'ECONNRESET' || !hasCertificate) return undefined
  return 'it closed the connection; perhaps it does not accept the client certificate'
}

function wrongName(error: Error & { host?: unknown; cert?: PeerCertificate }): string {
  const { host, cert } = error
  const names = cert?.subjectaltname ?? 'nobody by name'
  return `its certificate is for ${names}, not for ${String(host)}`
}
