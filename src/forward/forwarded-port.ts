import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { dialStream } from '../client/dial-stream.ts'
import type { DialTarget } from '../client/dial-stream.ts'
import { shownUrl } from '../client/piko-url.ts'
import type { Logger } from '../log/logger.ts'
import { abortSocket } from '../net/abort-socket.ts'
import { listen } from '../net/listen.ts'
import { Splice } from '../net/splice.ts'
import { describeError, errorCode } from '../std/errors.ts'
import { formatHostPort } from '../std/host-port.ts'
import type { HostPort } from '../std/host-port.ts'

/** How long a silent connection is left alone before TCP probes whether the client is there. */
const KEEP_ALIVE_MS = 15_000

export interface ForwardedPortOptions {
  readonly address: HostPort
  readonly target: DialTarget
  readonly logger: Logger
}

/**
 * A port of this machine in front of an endpoint: each of its connections is dialled through Piko.
 * One that Piko refuses is reset, and the log says why.
 */
export class ForwardedPort {
  private readonly options: ForwardedPortOptions
  private readonly server: Server
  private readonly sockets = new Set<Socket>()

  constructor(options: ForwardedPortOptions) {
    this.options = options
    this.server = createServer(
      // Nothing is read before there is somewhere to write it.
      { allowHalfOpen: true, noDelay: true, pauseOnConnect: true },
      (socket) => void this.carry(socket),
    )
  }

  /** Gives the address in use. Rejects with a ListenError. */
  async listen(): Promise<HostPort> {
    const { address, target, logger } = this.options
    const bound = await listen(this.server, address, 'forward')
    logger.info('forwarding', {
      addr: formatHostPort(bound),
      'endpoint-id': target.endpointId,
      url: shownUrl(target.url),
    })
    return bound
  }

  /** Closes the port and cuts its connections. */
  async close(): Promise<void> {
    if (!this.server.listening) return
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()))
    for (const socket of this.sockets) abortSocket(socket)
    await closed
  }

  private async carry(socket: Socket): Promise<void> {
    const calledOff = new AbortController()
    this.sockets.add(socket)
    socket.setKeepAlive(true, KEEP_ALIVE_MS)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => {
      this.sockets.delete(socket)
      calledOff.abort()
    })
    const client = formatHostPort({
      host: socket.remoteAddress ?? '',
      port: socket.remotePort ?? 0,
    })
    try {
      const stream = await dialStream(this.options.target, calledOff.signal)
      // From here on a socket that closes resets its stream.
      void new Splice(stream, socket, () => this.log('connection closed', client))
      socket.resume()
      this.log('connection opened', client)
    } catch (error) {
      if (!calledOff.signal.aborted) this.refused(socket, client, error)
    }
  }

  private refused(socket: Socket, client: string, error: unknown): void {
    this.options.logger.warn('failed to dial endpoint', {
      'endpoint-id': this.options.target.endpointId,
      client,
      reason: describeError(error),
      code: errorCode(error),
    })
    abortSocket(socket)
  }

  private log(message: string, client: string): void {
    this.options.logger.debug(message, { 'endpoint-id': this.options.target.endpointId, client })
  }
}
