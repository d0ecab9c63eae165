import type { Server as HttpServer } from 'node:http'
import type { Server } from 'node:net'
import { CodedError, errorCode } from '../std/errors.ts'
import { formatHostPort } from '../std/host-port.ts'
import type { HostPort } from '../std/host-port.ts'

/** A port that could not be listened on, with what to do about it. */
export class ListenError extends CodedError<'listen'> {
  override readonly name = 'ListenError'
}

/**
 * Connections that may wait to be accepted, if the operating system allows as many: those of all
 * clients and agents come at once when a node is back. Beyond Node's 511 they are lost or reset.
 */
const BACKLOG = 4_096

/**
 * Starts to listen and gives the address in use, with the real port where 0 was asked for. `what`
 * names the port in errors: `proxy`. Rejects with a ListenError.
 */
export async function listen(server: Server, address: HostPort, what: string): Promise<HostPort> {
  await new Promise<void>((resolve, reject) => {
    const fail = (cause: Error): void => {
      reject(new ListenError('listen', explain(address, what, cause), { cause }))
    }
    server.once('error', fail)
    server.listen(
      { port: address.port, backlog: BACKLOG, ...(address.host !== '' && { host: address.host }) },
      () => {
        server.off('error', fail)
        resolve()
      },
    )
  })
  const bound = server.address()
  if (bound === null || typeof bound === 'string')
    throw new TypeError('the server is no TCP server')
  return { host: address.host, port: bound.port }
}

function explain(address: HostPort, what: string, cause: Error): string {
  const place = `${what} port: listen on ${formatHostPort(address)}`
  switch (errorCode(cause)) {
    case 'EADDRINUSE':
      return `${place}: port ${address.port} is already in use; stop what uses it or choose another`
    case 'EACCES':
      return `${place}: not permitted; ports below 1024 need privileges`
    case 'EADDRNOTAVAIL':
      return `${place}: this machine has no such address`
    default:
      return `${place}: failed`
  }
}

/** Stops listening, drops idle connections, and resolves when the last connection is gone. */
export async function closeServer(server: HttpServer): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
  })
}
