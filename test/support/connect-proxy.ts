import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** An HTTP proxy that knows one user, and opens connections by CONNECT (RFC 9110 §9.3.6). */
export interface ConnectProxy {
  /** With the user's name and password in it. */
  readonly url: string
  readonly port: number
  /** Every CONNECT that came. */
  readonly requests: readonly IncomingMessage[]
}

const USER = 'me'
/** With what a URL must write in another way. */
const PASSWORD = 's@cr:t'

/** Starts a proxy; it is gone with the test. */
export async function startConnectProxy(): Promise<ConnectProxy> {
  const requests: IncomingMessage[] = []
  const sockets = new Set<Socket>()
  const server = createServer()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  server.on('connect', (request: IncomingMessage, client: Socket) => {
    requests.push(request)
    client.on('error', () => {})
    if (isKnown(request)) join(request, client)
    else client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
  })
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const url = `http://${USER}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}`
  return { url, port, requests }
}

function isKnown({ headers }: IncomingMessage): boolean {
  const pair = Buffer.from(`${USER}:${PASSWORD}`).toString('base64')
  return headers['proxy-authorization'] === `Basic ${pair}`
}

function join({ url = '' }: IncomingMessage, client: Socket): void {
  const { hostname, port } = new URL(`http://${url}`)
  const target = connect(Number(port), hostname, () => {
    client.write('HTTP/1.1 200 Connection established\r\n\r\n')
  })
  target.on('error', () => client.destroy())
  client.on('close', () => target.destroy())
  target.pipe(client).pipe(target)
}
