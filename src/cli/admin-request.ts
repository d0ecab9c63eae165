import { request as requestHttp } from 'node:http'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { urlToHttpOptions } from 'node:url'
import type { ClientTls } from '../net/client-tls.ts'

/** What an admin port answered. */
export interface AdminAnswer {
  readonly status: number
  readonly text: string
}

export interface AdminRequestOptions {
  /** '' for none. */
  readonly token: string
  /** For https URLs. */
  readonly tls: ClientTls
  readonly signal: AbortSignal
}

/** Asks an admin port, over TLS where the URL says so. Rejects when there is no whole answer. */
export async function requestAdmin(url: URL, options: AdminRequestOptions): Promise<AdminAnswer> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = openRequest(url, options)
    request.once('response', resolve)
    request.once('error', reject)
    request.end()
  })
  let text = ''
  for await (const piece of response.setEncoding('utf8')) text += piece as string
  return { status: response.statusCode as number, text }
}

function openRequest(url: URL, { token, tls, signal }: AdminRequestOptions): ClientRequest {
  const target = urlToHttpOptions(url)
  const headers = token === '' ? {} : { authorization: `Bearer ${token}` }
  const options = { ...target, headers, agent: false, signal } as const
  if (url.protocol !== 'https:') return requestHttp(options)
  return requestHttps({ ...options, ...tls.connectOptions(target.hostname as string) })
}
