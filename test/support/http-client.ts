import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { ConnectionOptions } from 'node:tls'
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http'
import type { HostPort } from '../../src/std/host-port.ts'
import { ENDPOINT } from './piko.ts'

export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly trailers: IncomingMessage['trailers']
  readonly body: Buffer
}

/** As for `node:http`; with `tls` the request goes over TLS. */
export type TestRequestOptions = RequestOptions & { readonly tls?: ConnectionOptions | undefined }

/** A request for the tests' endpoint on a connection of its own; its body is still to be sent. */
export function openRequest(
  { port }: HostPort,
  { headers, tls, ...options }: TestRequestOptions = {},
): ClientRequest {
  return (tls === undefined ? httpRequest : httpsRequest)({
    ...tls,
    host: '127.0.0.1',
    port,
    agent: false,
    ...options,
    headers: { 'x-piko-endpoint': ENDPOINT, ...(headers as Record<string, string>) },
  })
}

/** Rejects when there is none. */
export async function responseTo(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.on('response', resolve)
    request.on('error', reject)
  })
}

/** The whole body; rejects when it breaks off. */
export async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of message) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}

/** Sends a request and reads the whole answer. */
export async function send(
  to: HostPort,
  options: TestRequestOptions = {},
  body?: Uint8Array | string,
): Promise<Answer> {
  const request = openRequest(to, options)
  const answered = responseTo(request)
  request.end(body)
  const response = await answered
  const received = await bodyOf(response)
  const { statusCode = 0, headers, trailers } = response
  return { status: statusCode, headers, trailers, body: received }
}
