import { createServer as createHttpServer } from 'node:http'
import type { Server, ServerOptions } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { answerBytes, badRequest } from './answer.ts'
import { handshakeFailure } from './handshake-failure.ts'
import type { HandshakeFailure } from './handshake-failure.ts'
import type { ServerTls } from './server-tls.ts'
import { connectionBelow } from './tls-connection.ts'

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
