import type { TLSSocket } from 'node:tls'
import { errorCode, toError } from '../std/errors.ts'
import { peerAddress } from './peer-address.ts'
import { connectionBelow } from './tls-connection.ts'

/** A client that did not get through the handshake of a port: a stranger, or one set up wrong. */
export interface HandshakeFailure {
  readonly clientIp: string
  /** In words, for operators: `no client certificate`. */
  readonly reason: string
  /** It spoke, but no TLS. */
  readonly isPlain: boolean
}

/** What OpenSSL finds in the handshake, or is told by the client, by its words. */
const BY_REASON: readonly (readonly [RegExp, string])[] = [
  [/peer did not return a certificate/, 'no client certificate'],
  [/alert (unknown ca|bad certificate|certificate)/, 'the client does not trust the certificate'],
  [/unsupported protocol|no shared cipher/, 'no TLS version or cipher in common'],
  [/no application protocol/, 'the client does not offer HTTP/1.1'],
]

/** Reads a failure out of what Node tells with `tlsClientError`. */
export function handshakeFailure(error: Error, socket: TLSSocket): HandshakeFailure {
  const isPlain = PLAIN_CODES.has(errorCode(error) ?? '')
  return {
    clientIp: peerAddress(connectionBelow(socket) ?? socket),
    reason: isPlain ? 'the client does not speak TLS' : reasonOf(error, socket),
    isPlain,
  }
}

/** A plain request, by what OpenSSL takes it for. */
const PLAIN_CODES = new Set(['ERR_SSL_HTTP_REQUEST', 'ERR_SSL_WRONG_VERSION_NUMBER'])

function reasonOf(error: Error, socket: TLSSocket): string {
  // Found behind OpenSSL's handshake, and told in a code: CERT_HAS_EXPIRED.
  const refusal: unknown = socket.authorizationError
  if (typeof refusal === 'string') return `client certificate: ${refusal}`
  if (errorCode(error) === 'ECONNRESET') return 'the client closed the connection'
  const reason = /SSL routines:[^:]*:([^:]+)/.exec(error.message)?.[1]
  if (reason === undefined) return toError(error).message
  return BY_REASON.find(([words]) => words.test(reason))?.[1] ?? reason
}
