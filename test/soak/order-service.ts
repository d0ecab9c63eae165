import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo, Server as TcpServer, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Ticker } from './ticker.ts'

/** How long a slow answer takes. */
export const SLOW_MS = 2_000

export const DOWNLOAD_BYTES = 1024 * 1024
const DOWNLOAD_PIECES = 16
const EVENT_MS = 100

/**
 * The service of a rolling restart. It remembers the id of each order (a POST), so that one which
 * came twice is known.
 *
 *     GET /fast   GET /slow   POST /orders   PUT /upload   GET /download   GET /events   upgrade
 */
export class OrderService {
  readonly port: number
  /** Says everything back that comes on a connection. */
  readonly tcpPort: number
  private readonly server: Server
  private readonly tcpServer: TcpServer
  private readonly ticker: Ticker
  private readonly orders = new Map<string, number>()
  private readonly sockets = new Set<Socket>()

  private constructor(server: Server, tcpServer: TcpServer, ticker: Ticker) {
    this.server = server
    this.tcpServer = tcpServer
    this.tcpPort = (tcpServer.address() as AddressInfo).port
    this.ticker = ticker
    this.port = (server.address() as AddressInfo).port
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      // Who leaves has its reasons; what the client makes of it is what counts.
      this.answer(request, response).catch(() => response.destroy())
    })
    server.on('upgrade', (_request, socket: Socket) => echo(socket))
    const connected = (socket: Socket): void => {
      this.sockets.add(socket)
      socket.once('close', () => this.sockets.delete(socket))
    }
    server.on('connection', connected)
    tcpServer.on('connection', connected)
  }

  static async start(ticker: Ticker): Promise<OrderService> {
    const server = createServer({ keepAliveTimeout: 60_000 })
    const tcpServer = createTcpServer((socket) => {
      socket.on('error', () => socket.destroy())
      socket.pipe(socket)
    })
    await Promise.all(
      [server, tcpServer].map(
        async (one) =>
          new Promise<void>(
            (resolve) => void one.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, resolve),
          ),
      ),
    )
    return new OrderService(server, tcpServer, ticker)
  }

  /** Orders that came more than once. */
  get duplicates(): string[] {
    return [...this.orders].filter(([, times]) => times > 1).map(([id]) => id)
  }

  get orderCount(): number {
    return this.orders.size
  }

  close(): void {
    this.server.close()
    this.tcpServer.close()
    for (const socket of this.sockets) socket.destroy()
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '', 'http://service')
    if (pathname === '/orders') response.end(this.order(await text(request)))
    else if (pathname === '/upload') response.end(await digestOf(request))
    else if (pathname === '/download') await this.download(response)
    else if (pathname === '/events') await this.events(request, response)
    else {
      if (pathname === '/slow') await this.ticker.after(SLOW_MS)
      response.end(pathname)
    }
  }

  private order(id: string): string {
    this.orders.set(id, (this.orders.get(id) ?? 0) + 1)
    return `taken ${id}`
  }

  /** Comes in pieces, so that it takes a second. */
  private async download(response: ServerResponse): Promise<void> {
    const piece = Buffer.alloc(DOWNLOAD_BYTES / DOWNLOAD_PIECES, 'piko')
    response.writeHead(200, { 'content-length': DOWNLOAD_BYTES })
    for (let i = 0; i < DOWNLOAD_PIECES; i++) {
      response.write(piece)
      await this.ticker.after(1_000 / DOWNLOAD_PIECES)
    }
    response.end()
  }

  /** As many events as the client asks for, one each 100 ms. */
  private async events(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const count = Number(new URL(request.url ?? '', 'http://service').searchParams.get('count'))
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (let i = 0; i < count; i++) {
      response.write(`data: ${i}\n\n`)
      await this.ticker.after(EVENT_MS)
    }
    response.end('data: last\n\n')
  }
}

async function digestOf(request: IncomingMessage): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of request) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/** Answers an upgrade, and says everything back. */
function echo(socket: Socket): void {
  socket.on('error', () => socket.destroy())
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
  socket.pipe(socket)
}
