import type { ClientTls } from '../net/client-tls.ts'
import type { MessageTransport } from '../net/message-transport.ts'
import { dialWebSocket } from '../net/websocket-dial.ts'
import type { DialOptions } from '../net/websocket-dial.ts'
import { authorizationFields } from './authorization-fields.ts'
import { connectError } from './connect-error.ts'
import type { TokenSource } from './connect-options.ts'

/** How a port of Piko is reached: what listeners and dials have in common. */
export interface ConnectTarget {
  readonly token?: TokenSource | undefined
  readonly tenantId?: string | undefined
  /** Asked at every attempt to connect, so that a renewed certificate is used from then on. */
  readonly tls?: (() => ClientTls) | undefined
  /** An HTTP proxy to connect through. */
  readonly proxyUrl?: URL | undefined
  /** For one attempt to connect; the token function gets as much again. */
  readonly connectTimeoutMs: number
}

/** What is said and heard at one attempt. */
export interface ConnectAttempt extends Pick<DialOptions, 'signal' | 'answered'> {
  readonly fields: Readonly<Record<string, string>>
}

/** One attempt to open a WebSocket at `url`. Rejects with a PikoError. */
export async function connect(
  url: URL,
  target: ConnectTarget,
  { fields, ...options }: ConnectAttempt,
): Promise<MessageTransport> {
  const { token, tenantId, tls, proxyUrl, connectTimeoutMs: timeoutMs } = target
  try {
    const authorization = await authorizationFields(token, {
      timeoutMs,
      signal: options.signal,
    })
    const tenant = tenantId !== undefined && { 'x-piko-tenant-id': tenantId }
    const headers = { ...authorization, ...tenant, ...fields }
    return await dialWebSocket({ url, headers, timeoutMs, tls: tls?.(), proxyUrl, ...options })
  } catch (error) {
    throw connectError(error)
  }
}
