import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { Transport } from './transport.ts'
import { MESSAGE_BYTES_MAX, WsTransport } from './ws-transport.ts'

/** Turns HTTP upgrade requests into transports (RFC 6455 §4.2). */
export class WebSocketAcceptor {
  private readonly server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MESSAGE_BYTES_MAX,
  })

  /** Completes the handshake and calls `opened`; a request that is none is answered with 400. */
  accept(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    opened: (transport: Transport) => void,
  ): void {
    this.server.handleUpgrade(request, socket, head, (webSocket) => {
      opened(new WsTransport(webSocket))
    })
  }
}
