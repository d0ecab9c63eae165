import type { IncomingMessage } from 'node:http'
import WebSocket from 'ws'
import { CodedError } from '../std/errors.ts'
import type { Transport } from './transport.ts'
import { MESSAGE_BYTES_MAX, WsTransport } from './ws-transport.ts'

export interface DialOptions {
  /** http: and https: are taken as ws: and wss:. */
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  /** For the whole handshake. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** `network`: no answer. `status`: the server answered something else than 101. */
export type DialErrorCode = 'network' | 'status' | 'aborted'

/** Why a dial failed; `status` and the server's own words where it answered. */
export class DialError extends CodedError<DialErrorCode> {
  override readonly name = 'DialError'
  readonly status: number | undefined

  constructor(
    code: DialErrorCode,
    message: string,
    options: { status?: number; cause?: unknown } = {},
  ) {
    super(code, message, options)
    this.status = options.status
  }
}

/** An error answer's body is a short JSON object; more of it is not read. */
const ERROR_BODY_BYTES_MAX = 4_096

/** Opens a WebSocket to carry a tunnel. Rejects with a DialError. */
export async function dialWebSocket(options: DialOptions): Promise<Transport> {
  const { url, headers, timeoutMs, signal } = options
  if (signal.aborted) throw new DialError('aborted', 'the dial was called off')
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, {
      headers,
      handshakeTimeout: timeoutMs,
      perMessageDeflate: false,
      maxPayload: MESSAGE_BYTES_MAX,
    })
    const abort = (): void => {
      reject(new DialError('aborted', 'the dial was called off'))
      socket.terminate()
    }
    signal.addEventListener('abort', abort, { once: true })
    socket.once('open', () => {
      signal.removeEventListener('abort', abort)
      resolve(new WsTransport(socket))
    })
    socket.on('error', (cause) => {
      signal.removeEventListener('abort', abort)
      reject(new DialError('network', `no answer from ${url.origin}`, { cause }))
    })
    socket.once('unexpected-response', (_request, response) => {
      void refusal(response).then((error) => {
        reject(error)
        socket.terminate()
      })
    })
  })
}

/** The server's refusal in its own words: `401: invalid token`. */
async function refusal(response: IncomingMessage): Promise<DialError> {
  const status = response.statusCode as number
  let body = ''
  try {
    for await (const chunk of response.setEncoding('utf8')) {
      body += chunk as string
      if (body.length > ERROR_BODY_BYTES_MAX) break
    }
  } catch (cause) {
    return new DialError('status', `${status}`, { status, cause })
  }
  return new DialError('status', `${status}: ${errorText(body) ?? response.statusMessage}`, {
    status,
  })
}

function errorText(body: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(body)
    if (typeof parsed !== 'object' || parsed === null || !('error' in parsed)) return undefined
    return typeof parsed.error === 'string' ? parsed.error : undefined
  } catch {
    return undefined
  }
}
