import { STATUS_CODES } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { closeGently } from './close-gently.ts'
import { assert } from '../std/assert.ts'
import type { MessageTransport } from './message-transport.ts'
import {
  acceptValue,
  isKey,
  upgradesToWebSocket,
  WEBSOCKET_VERSION,
} from './websocket-handshake.ts'
import { DEFAULT_WEBSOCKET_KIND } from './websocket-kind.ts'
import type { WebSocketKind } from './websocket-kind.ts'
import { MESSAGE_BYTES_MAX, WebSocketTransport } from './websocket-transport.ts'
import { WsAcceptor } from './websocket-ws.ts'

/** Fields of Piko's own in the answer to a handshake. */
export type HandshakeFields = Readonly<Record<string, string>>

/** Why an upgrade request is refused. */
export interface HandshakeRefusal {
  readonly status: 400 | 426
  readonly error: string
}

/** Turns HTTP upgrade requests into transports (RFC 6455 §4.2). */
export class WebSocketAcceptor {
  private readonly ws: WsAcceptor | undefined
  private readonly fields: () => HandshakeFields
  private readonly messageBytesMax: number

  /**
   * `fields` go into every answer; those that the `ws` package makes have none. `messageBytesMax`
   * bounds the messages that clients send.
   */
  constructor(
    kind: WebSocketKind = DEFAULT_WEBSOCKET_KIND,
    fields: () => HandshakeFields = () => ({}),
    messageBytesMax: number = MESSAGE_BYTES_MAX,
  ) {
    this.fields = fields
    this.messageBytesMax = messageBytesMax
    this.ws = kind === 'ws' ? new WsAcceptor(messageBytesMax) : undefined
  }

  /**
   * Completes the handshake and calls `opened`, which must start the transport; a request that is
   * none is answered with 400, or 426 if it asks for another version.
   */
  accept(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    opened: (transport: MessageTransport) => void,
  ): void {
    if (this.ws !== undefined) return this.ws.accept(request, socket, head, opened)
    assert(socket instanceof Socket, 'node:http upgrades sockets')
    const key = handshakeKey(request)
    if (typeof key !== 'string') return refuseHandshake(socket, key)
    // The client is gone already: nothing would ever tell.
    if (!socket.readable || !socket.writable) {
      socket.destroy()
      return
    }
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Accept: ${acceptValue(key)}\r\n${linesOf(this.fields())}\r\n`,
    )
    opened(new WebSocketTransport(socket, head, 'server', this.messageBytesMax))
  }
}

function linesOf(fields: HandshakeFields): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')
}

/** The key of a valid opening handshake; extensions and subprotocols are offers that go unheard. */
function handshakeKey(request: IncomingMessage): string | HandshakeRefusal {
  const { headers, method, httpVersion } = request
  const key = headers['sec-websocket-key']
  if (method !== 'GET') return { status: 400, error: 'a websocket is opened with GET' }
  if (httpVersion !== '1.1') return { status: 400, error: 'a websocket needs HTTP/1.1' }
  if (!upgradesToWebSocket(headers)) return { status: 400, error: 'upgrade is not to websocket' }
  if (headers['sec-websocket-version'] !== WEBSOCKET_VERSION) {
    return { status: 426, error: `websocket version must be ${WEBSOCKET_VERSION}` }
  }
  return isKey(key) ? key : { status: 400, error: 'sec-websocket-key is missing or malformed' }
}

/** What `accept` would refuse the request for, where more than the handshake depends on it. */
export function handshakeRefusal(request: IncomingMessage): HandshakeRefusal | undefined {
  const key = handshakeKey(request)
  return typeof key === 'string' ? undefined : key
}

export function refuseHandshake(socket: Socket, { status, error }: HandshakeRefusal): void {
  const body = JSON.stringify({ error })
  // RFC 9110 §15.5.22: a 426 names the protocol that it wants.
  const upgrade = status === 426 ? 'Connection: close, Upgrade\r\nUpgrade: websocket\r\n' : ''
  socket.on('error', () => socket.destroy())
  socket.write(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${upgrade || 'Connection: close\r\n'}` +
      `Sec-WebSocket-Version: ${WEBSOCKET_VERSION}\r\n` +
      'Content-Type: application/json; charset=utf-8\r\n' +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
  closeGently(socket)
}
