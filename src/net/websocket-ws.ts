import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { urlToHttpOptions } from 'node:url'
import { WebSocket, WebSocketServer } from 'ws'
import { throughProxy } from './connect-proxy.ts'
import type { MessageTransport } from './message-transport.ts'
import { networkError } from './websocket-dial-attempt.ts'
import type { DialAttempt, DialTarget } from './websocket-dial-attempt.ts'
import { refusal } from './websocket-dial-error.ts'
import type { DialError } from './websocket-dial-error.ts'
import { LINGER_MS, MESSAGE_BYTES_MAX } from './websocket-transport.ts'
import { WsTransport } from './ws-transport.ts'

const LIMITS = {
  perMessageDeflate: false,
  maxPayload: MESSAGE_BYTES_MAX,
  closeTimeout: LINGER_MS,
} as const

/** The server's side of the handshake by the `ws` package. */
export class WsAcceptor {
  private readonly server: WebSocketServer

  constructor(messageBytesMax: number) {
    this.server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      ...LIMITS,
      maxPayload: messageBytesMax,
    })
  }

  accept(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    opened: (transport: MessageTransport) => void,
  ): void {
    this.server.handleUpgrade(request, socket, head, (webSocket) => {
      opened(new WsTransport(webSocket))
    })
  }
}

/** The client's side of the handshake by the `ws` package. */
export function dialWs(target: DialTarget, failed: AbortSignal): DialAttempt {
  const { url, headers, timeoutMs, tls } = target
  const { hostname } = urlToHttpOptions(url)
  const socket = new WebSocket(url, {
    headers,
    handshakeTimeout: timeoutMs,
    ...LIMITS,
    ...tls?.connectOptions(hostname as string),
    ...throughProxy(target, failed),
  })
  let fail!: (error: DialError) => void
  const opened = new Promise<MessageTransport>((resolve, reject) => {
    fail = (error) => {
      reject(error)
      socket.terminate()
    }
    socket.once('upgrade', (response) => target.answered?.(response.headers))
    socket.once('open', () => resolve(new WsTransport(socket)))
    socket.on('error', (cause) => reject(networkError(target, cause)))
    socket.once('unexpected-response', (_request, response) => void refusal(response).then(fail))
  })
  return { opened, fail }
}
