import { STATUS_CODES } from 'node:http'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { closeGently } from '../../net/close-gently.ts'

/** Why a listener is not let in: the answer's status and its JSON `error`. */
export interface UpstreamError {
  readonly status: number
  readonly error: string
}

/** Answers a plain request. */
export function writeRequestError(
  response: ServerResponse,
  { status, error }: UpstreamError,
): void {
  const body = JSON.stringify({ error })
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    // RFC 9110 §15.5.22: a 426 names the protocol that it wants.
    ...(status === 426 && { connection: 'upgrade', upgrade: 'websocket' }),
  })
  response.end(body)
}

/** Answers an upgrade request, which comes as a bare socket. */
export function writeUpgradeError(socket: Socket, { status, error }: UpstreamError): void {
  const body = JSON.stringify({ error })
  // The peer may be gone already; that is no news.
  socket.on('error', () => socket.destroy())
  socket.write(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n` +
      'content-type: application/json; charset=utf-8\r\n' +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
  closeGently(socket)
}
