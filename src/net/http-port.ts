import { createServer as createHttpServer } from 'node:http'
import type { Server, ServerOptions } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import { answerBytes, badRequest } from './answer.ts'
import { handshakeFailure } from './handshake-failure.ts'
import type { HandshakeFailure } from './handshake-failure.ts'
import { errorCode } from '../std/errors.ts'
import type { ServerTls } from './server-tls.ts'
import { connectionBelow } from './tls-connection.ts'
import { slowly, Turnstile } from './turnstile.ts'

/** The code of node:http's error when no head came in time. */
export const HEAD_TIMEOUT = 'ERR_HTTP_REQUEST_TIMEOUT'

/** The code of node:http's error when a head is beyond its maximum. */
export const HEAD_TOO_LARGE = 'HPE_HEADER_OVERFLOW'

/** The TLS of a port, and who hears of the clients that it keeps out. */
export interface PortSecurity {
  readonly tls: ServerTls
  readonly handshakeFailed: (failure: HandshakeFailure) => void
}

/** An HTTP server, over TLS where its port has it; the rest of the port need not know. */
export function createHttpPort(options: ServerOptions, security: PortSecurity | undefined): Server {
  if (security === undefined) return createHttpServer(options)
  const { tls, handshakeFailed } = security
  // A TLS handshake may take as long as a head.
  const { headersTimeout: handshakeTimeout } = options
  // As node:http has it: who has ended his side is written to until this side ends too.
  const server = createHttpsServer({
    ...options,
    ...tls.serverOptions,
    ...(handshakeTimeout !== undefined && { handshakeTimeout }),
    allowHalfOpen: true,
  })
  tls.keep(server)
  server.prependListener('tlsClientError', (error, socket) => {
    const failure = handshakeFailure(error, socket)
    if (failure.isPlain) {
      connectionBelow(socket)?.write(answerBytes(badRequest('this port speaks TLS: use https')))
    }
    socket.destroy()
    handshakeFailed(failure)
  })
  return server
}

/**
 * The event of such a server that brings a socket to read HTTP from; emitted, it has one read.
 */
export function connectionEvent(
  security: PortSecurity | undefined,
): 'connection' | 'secureConnection' {
  return security === undefined ? 'connection' : 'secureConnection'
}

/** Of a head that was refused; whoever sends more is not about to read the answer. */
const REST_BYTES_MAX = 128 * 1024

/**
 * How often node:http looks for connections that are over their time, on ports that face strangers:
 * so they are few at once.
 */
export const CONNECTION_CHECK_MS = 100

/** What a port does with what is no request. */
export interface ClientErrorHandler {
  /** It is told so, if that is worth it, and closed. */
  readonly refuse: (error: Error, socket: Socket) => void
  /** A head goes on and on: it is about to be closed. */
  readonly endless: (socket: Socket) => void
}

/**
 * Hands what came on a connection and is no request to `refuse`, once: nobody parses what comes
 * behind it. Thousands of connections may be over their time in one moment, and their successors
 * come as soon as they are gone: of these it gets a few at a time.
 */
export function onClientError(server: Server, { refuse, endless }: ClientErrorHandler): void {
  const slow = new Turnstile<[Error, Socket]>(([error, socket]) => refuse(error, socket), slowly)
  const refused = new WeakSet<Socket>()
  server.on('clientError', (error: Error, stream) => {
    const socket = stream as Socket
    // The end of a connection in the middle of a head is an error, too.
    if (refused.has(socket)) return
    refused.add(socket)
    const code = errorCode(error)
    ignoreRest(socket, code === HEAD_TOO_LARGE ? () => endless(socket) : () => {})
    if (code === HEAD_TIMEOUT) slow.come([error, socket])
    else refuse(error, socket)
  })
}

/** What comes is read by nobody else any more: node:http lets go of it when others listen. */
function ignoreRest(socket: Socket, endless: () => void): void {
  let restBytes = 0
  socket.removeAllListeners('data').on('data', (chunk: Buffer) => {
    restBytes += chunk.length
    if (restBytes <= REST_BYTES_MAX || socket.destroyed) return
    endless()
    socket.destroy()
  })
}
