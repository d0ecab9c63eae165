import { request as requestHttp } from 'node:http'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { Socket } from 'node:net'
import { urlToHttpOptions } from 'node:url'
import { assert } from '../std/assert.ts'
import { throughProxy } from './connect-proxy.ts'
import type { MessageTransport } from './message-transport.ts'
import { networkError } from './websocket-dial-attempt.ts'
import type { DialAttempt, DialTarget } from './websocket-dial-attempt.ts'
import { DialError, refusal } from './websocket-dial-error.ts'
import { acceptValue, makeKey, upgradesToWebSocket } from './websocket-handshake.ts'
import { WEBSOCKET_VERSION } from './websocket-handshake.ts'
import { DEFAULT_WEBSOCKET_KIND } from './websocket-kind.ts'
import type { WebSocketKind } from './websocket-kind.ts'
import { WebSocketTransport } from './websocket-transport.ts'

export interface DialOptions extends DialTarget {
  readonly signal: AbortSignal
  readonly kind?: WebSocketKind
}

/** Opens a WebSocket to carry a tunnel (RFC 6455 §4.1). Rejects with a DialError. */
export async function dialWebSocket(options: DialOptions): Promise<MessageTransport> {
  const { signal, kind = DEFAULT_WEBSOCKET_KIND } = options
  // Loaded by those who want it only: bundles of programs that use the SDK go without `ws`.
  const dial = kind === 'ws' ? (await import('./websocket-ws.ts')).dialWs : dialOwn
  if (signal.aborted) throw calledOff()
  const failed = new AbortController()
  const attempt = dial(options, failed.signal)
  const abort = (): void => attempt.fail(calledOff())
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await attempt.opened
  } catch (error) {
    failed.abort()
    throw error
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** `failed` ends what an attempt that has failed may still be waiting for. */
function dialOwn(target: DialTarget, failed: AbortSignal): DialAttempt {
  const { url, timeoutMs } = target
  const key = makeKey()
  const request = upgradeRequest(target, key, throughProxy(target, failed))
  const { promise: opened, resolve, reject } = deferred()
  const fail = (error: DialError): void => {
    reject(error)
    request.destroy()
  }
  const noAnswer = (cause: Error): void => fail(networkError(target, cause))
  const timer = setTimeout(() => noAnswer(new Error(`waited ${timeoutMs} ms`)), timeoutMs)
  const settle = (): void => clearTimeout(timer)
  opened.then(settle, settle)

  const noWebSocket = (flaw: string): void =>
    fail(new DialError('network', `${url.origin} speaks no websocket: ${flaw}`))

  request.once('upgrade', (response, socket, head) => {
    const flaw = handshakeFlaw(response, key)
    assert(socket instanceof Socket, 'node:http upgrades sockets')
    if (flaw !== undefined) {
      socket.destroy()
      return noWebSocket(flaw)
    }
    target.answered?.(response.headers)
    return resolve(new WebSocketTransport(socket, head, 'client'))
  })
  request.once('response', (response) => {
    // A status of its own would be the server's last word; a 101 without the fields is a defect.
    if (response.statusCode === 101) noWebSocket('a 101 that does not upgrade')
    else void refusal(response).then(fail)
  })
  request.on('error', noAnswer)
  request.end()
  return { opened, fail }
}

function upgradeRequest(
  { url, headers, tls }: DialTarget,
  key: string,
  proxied: ReturnType<typeof throughProxy>,
): ClientRequest {
  const isSecure = url.protocol === 'https:' || url.protocol === 'wss:'
  const request = isSecure ? requestHttps : requestHttp
  const target = urlToHttpOptions(url)
  return request({
    ...target,
    ...(isSecure && tls?.connectOptions(target.hostname as string)),
    protocol: isSecure ? 'https:' : 'http:',
    // A connection of its own, and never kept for another request.
    ...(proxied ?? { agent: false }),
    headers: {
      ...headers,
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': WEBSOCKET_VERSION,
      'Sec-WebSocket-Key': key,
    },
  })
}

/** What is wrong with a server's 101 (RFC 6455 §4.1); nothing was offered that it might choose. */
function handshakeFlaw({ headers, statusCode }: IncomingMessage, key: string): string | undefined {
  if (statusCode !== 101) return `status ${statusCode} with an upgrade`
  if (!upgradesToWebSocket(headers)) return 'the upgrade is to something else'
  if (headers['sec-websocket-accept'] !== acceptValue(key)) return 'sec-websocket-accept is wrong'
  if (headers['sec-websocket-extensions'] !== undefined) return 'an extension nobody asked for'
  if (headers['sec-websocket-protocol'] !== undefined) return 'a subprotocol nobody asked for'
  return undefined
}

function deferred(): {
  promise: Promise<MessageTransport>
  resolve: (transport: MessageTransport) => void
  reject: (error: DialError) => void
} {
  let resolve!: (transport: MessageTransport) => void
  let reject!: (error: DialError) => void
  const promise = new Promise<MessageTransport>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}

function calledOff(): DialError {
  return new DialError('aborted', 'the dial was called off')
}

/* What a dial fails with, so that its users import one file. */
export { DialError }
