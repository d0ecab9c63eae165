import { request as requestHttp } from 'node:http'
import type { RequestOptions } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { urlToHttpOptions } from 'node:url'
import { assert } from '../std/assert.ts'
import { toError } from '../std/errors.ts'
import type { ClientTls } from './client-tls.ts'
import { bypassesProxy } from './no-proxy.ts'
import { DialError } from './websocket-dial-error.ts'

/** A connection for which there is perhaps a proxy. */
export interface ProxiedTarget {
  readonly url: URL
  readonly tls?: ClientTls | undefined
  /** http: or https:, with `user:password@` where the proxy wants them. */
  readonly proxyUrl?: URL | undefined
}

/**
 * Makes node:http connect to the target by its proxy; nothing when it has none, or when the
 * environment variable NO_PROXY says that its host needs none. `signal` ends the attempt.
 */
export function throughProxy(
  { url, tls, proxyUrl }: ProxiedTarget,
  signal: AbortSignal,
): Pick<RequestOptions, 'createConnection'> | undefined {
  const noProxy = process.env['NO_PROXY'] ?? process.env['no_proxy']
  if (proxyUrl === undefined || bypassesProxy(url, noProxy)) return undefined
  const isSecure = url.protocol === 'https:' || url.protocol === 'wss:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const tlsOptions = tls?.connectOptions(host) ?? { servername: isIP(host) === 0 ? host : '' }
  return {
    createConnection: (_options, created) => {
      const secured = (socket: Socket): Socket =>
        isSecure ? connectTls({ ...tlsOptions, socket }) : socket
      connectThroughProxy(proxyUrl, authorityOf(url, isSecure), signal).then(
        (socket) => created(null, secured(socket)),
        (error: unknown) => created(toError(error), new Socket()),
      )
      return undefined
    },
  }
}

/** CONNECT names the port even where it is the scheme's own (RFC 9110 §9.3.6). */
function authorityOf({ hostname, port }: URL, isSecure: boolean): string {
  return `${hostname}:${port === '' ? (isSecure ? 443 : 80) : port}`
}

/**
 * Asks a proxy for a connection and gives the socket, which then speaks with the other end. Rejects
 * with a DialError that shows no credentials.
 */
async function connectThroughProxy(
  proxyUrl: URL,
  authority: string,
  signal: AbortSignal,
): Promise<Socket> {
  const isSecure = proxyUrl.protocol === 'https:'
  const { auth: _plain, ...address } = urlToHttpOptions(proxyUrl)
  const request = (isSecure ? requestHttps : requestHttp)({
    ...address,
    method: 'CONNECT',
    path: authority,
    headers: { Host: authority, ...credentials(proxyUrl) },
    agent: false,
    signal,
  })
  return new Promise((resolve, reject) => {
    request.once('connect', ({ statusCode = 0, statusMessage }, socket, head) => {
      assert(socket instanceof Socket, 'node:http connects sockets')
      if (statusCode >= 200 && statusCode < 300) {
        // What came behind the answer is the other end's already.
        if (head.length > 0) socket.unshift(head)
        return resolve(socket)
      }
      socket.destroy()
      const message = `proxy ${proxyUrl.host}: ${statusCode}: ${statusMessage}`
      return reject(new DialError('proxy', message, { status: statusCode }))
    })
    request.on('error', (cause) => {
      reject(new DialError('network', `no answer from proxy ${proxyUrl.host}`, { cause }))
    })
    request.end()
  })
}

/** RFC 7617 §2. A URL has user and password in percent-encoding. */
function credentials({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {}
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { 'Proxy-Authorization': `Basic ${Buffer.from(pair).toString('base64')}` }
}
