import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describeError, toError } from '../std/errors.ts'
import type { ClientLogger } from './connect-options.ts'
import { describeRequest } from './request-facts.ts'
import type { RequestFacts } from './request-facts.ts'

/**
 * Answers one request. `request.signal` is aborted when the client leaves before it has its answer.
 * Both bodies stream, and whoever reads slowly slows the other side down.
 */
export type FetchHandler = (request: Request, facts: RequestFacts) => Response | Promise<Response>

/**
 * Makes of a fetch handler what `http.createServer` takes. A handler that fails answers 500; what
 * is no request to `fetch` answers 400 without it.
 */
export function requestListener(
  handler: FetchHandler,
  logger: ClientLogger | undefined,
): RequestListener {
  return (request, response) => {
    answer(handler, request, response).catch((error: unknown) => {
      // The client left, and whatever came of that concerns nobody.
      if (request.destroyed && response.destroyed) return
      logger?.error('the handler failed', { reason: describeError(error) })
      if (response.headersSent) response.destroy(toError(error))
      else response.writeHead(500, { 'Content-Type': 'text/plain' }).end('Internal Server Error\n')
    })
  }
}

async function answer(
  handler: FetchHandler,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const gone = new AbortController()
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) gone.abort()
  })
  const request = tryRequest(incoming, gone.signal)
  if (request === undefined) {
    incoming.resume()
    outgoing.writeHead(400, { 'Content-Type': 'text/plain' }).end('Bad Request\n')
    return
  }
  const response = await handler(request, describeRequest(incoming))
  if (outgoing.destroyed) {
    await response.body?.cancel()
    return
  }
  outgoing.writeHead(response.status, response.statusText, headerList(response.headers))
  if (response.body === null) {
    outgoing.end()
  } else {
    outgoing.flushHeaders()
    await pipeline(Readable.fromWeb(response.body), outgoing)
  }
}

/** Undefined for what `fetch` has no form for: TRACE, a Host that is in no URL. */
function tryRequest(incoming: IncomingMessage, signal: AbortSignal): Request | undefined {
  try {
    return requestOf(incoming, signal)
  } catch {
    return undefined
  }
}

function requestOf(incoming: IncomingMessage, signal: AbortSignal): Request {
  const { method = 'GET', url = '/', rawHeaders } = incoming
  const headers = new Headers()
  for (let i = 0; i < rawHeaders.length; i += 2) {
    headers.append(rawHeaders[i] as string, rawHeaders[i + 1] as string)
  }
  const scheme = headers.get('x-forwarded-proto') === 'https' ? 'https' : 'http'
  const origin = `${scheme}://${headers.get('host') ?? 'localhost'}`
  const init: RequestInit = { method, headers, signal }
  if (method !== 'GET' && method !== 'HEAD') {
    init.body = Readable.toWeb(incoming) as ReadableStream
    init.duplex = 'half'
  }
  // A target in absolute form stands for itself (RFC 9112 §3.2.2).
  return new Request(new URL(url.startsWith('/') ? `${origin}${url}` : url, origin), init)
}

/** In node's raw form, so that each cookie keeps a field of its own (RFC 6265 §3). */
function headerList(headers: Headers): string[] {
  const list: string[] = []
  for (const [name, value] of headers) {
    if (name !== 'set-cookie') list.push(name, value)
  }
  for (const cookie of headers.getSetCookie()) list.push('set-cookie', cookie)
  return list
}
