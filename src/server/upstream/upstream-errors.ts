import { STATUS_CODES } from 'node:http'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { closeGently } from '../../net/close-gently.ts'
import { HEAD_TIMEOUT, HEAD_TOO_LARGE } from '../../net/http-port.ts'
import { errorCode } from '../../std/errors.ts'

/** Why a listener is not let in: the answer's status and its JSON `error`, '' for no body. */
export interface UpstreamError {
  readonly status: number
  readonly error: string
}

/** What a 401 and a 426 have to name (RFC 9110 §15.5.2, §15.5.22). */
const WANTED: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  401: { 'www-authenticate': 'Bearer' },
  426: { connection: 'upgrade', upgrade: 'websocket' },
}

/** What node:http refused before it was a request for a tunnel. */
export function handshakeError(error: Error): UpstreamError {
  switch (errorCode(error)) {
    case HEAD_TOO_LARGE:
      return { status: 431, error: 'request head too large' }
    case HEAD_TIMEOUT:
      return { status: 408, error: 'request timeout' }
    default:
      return { status: 400, error: 'malformed request' }
  }
}

/** Answers a plain request. */
export function writeRequestError(response: ServerResponse, refusal: UpstreamError): void {
  const { fields, body } = render(refusal)
  response.writeHead(refusal.status, { ...fields, ...WANTED[refusal.status] })
  response.end(body)
}

/** Answers an upgrade request, which comes as a bare socket. */
export function writeUpgradeError(socket: Socket, refusal: UpstreamError): void {
  const { fields, body } = render(refusal)
  const all = { ...fields, ...WANTED[refusal.status], connection: 'close' }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  // The peer may be gone already; that is no news.
  socket.on('error', () => socket.destroy())
  socket.write(
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\n${lines.join('')}\r\n${body}`,
  )
  closeGently(socket)
}

function render({ error }: UpstreamError): { fields: Record<string, string>; body: string } {
  if (error === '') return { fields: { 'content-length': '0' }, body: '' }
  const body = JSON.stringify({ error })
  const fields = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
  }
  return { fields, body }
}
