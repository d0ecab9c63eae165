import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** What a service does with a request; a rejection fails the test as an unhandled one. */
export type ServiceListener = (
  request: IncomingMessage,
  response: ServerResponse,
) => void | Promise<void>

/** A service made of node:http, which counts what reaches it. */
export class HttpService {
  readonly port: number
  readonly server: Server
  /** Requests and upgrades, in the order they came. */
  readonly requests: IncomingMessage[] = []
  private readonly sockets = new Set<Socket>()

  private constructor(server: Server) {
    this.server = server
    this.port = (server.address() as AddressInfo).port
    for (const event of ['request', 'checkContinue', 'upgrade']) {
      server.prependListener(event, (request: IncomingMessage) => this.requests.push(request))
    }
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket)
      socket.once('close', () => this.sockets.delete(socket))
    })
  }

  static async start(listener: ServiceListener, port = 0): Promise<HttpService> {
    const server = createServer({ maxHeaderSize: 4 * 1024 * 1024 }, (request, response) => {
      void listener(request, response)
    })
    server.maxHeadersCount = 0
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', resolve)
    })
    return new HttpService(server)
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()))
    for (const socket of this.sockets) socket.destroy()
    await closed
  }
}
