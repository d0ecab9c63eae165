import { createHash, randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

/** The only version there is (RFC 6455 §4.1). */
export const WEBSOCKET_VERSION = '13'

/** Joins the key in what the server proves to have read (RFC 6455 §1.3). */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** Sixteen bytes in base64. */
const KEY = /^[+/0-9A-Za-z]{22}==$/

/** A client's `Sec-WebSocket-Key`: no secret, but new for every handshake. */
export function makeKey(): string {
  return randomBytes(16).toString('base64')
}

export function isKey(text: string | undefined): text is string {
  return text !== undefined && KEY.test(text)
}

/** The server's `Sec-WebSocket-Accept` for a key. */
export function acceptValue(key: string): string {
  return createHash('sha1').update(`${key}${GUID}`).digest('base64')
}

/** Whether the fields upgrade the connection, and to a WebSocket (RFC 6455 §4.2.1). */
export function upgradesToWebSocket(headers: IncomingHttpHeaders): boolean {
  return hasToken(headers.upgrade, 'websocket') && hasToken(headers.connection, 'upgrade')
}

function hasToken(list: string | undefined, wanted: string): boolean {
  if (list === undefined) return false
  return list.split(',').some((token) => token.trim().toLowerCase() === wanted)
}
