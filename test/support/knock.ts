import { request as httpRequest } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { HostPort } from '../../src/std/host-port.ts'
import { bodyOf } from './http-client.ts'

/** How a port answered somebody who wants to come in. */
export interface Knock {
  readonly status: number
  readonly type: string | undefined
  readonly body: string
}

export interface KnockOptions {
  readonly path?: string
  readonly fields?: Readonly<Record<string, string>>
  /** Asks for a WebSocket; one that is granted is closed again. */
  readonly upgrade?: boolean
}

const UPGRADE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

/** Sends a request on a connection of its own. */
export async function knock(
  { port }: HostPort,
  { path = '/', fields = {}, upgrade = false }: KnockOptions,
): Promise<Knock> {
  const headers = { ...fields, ...(upgrade && UPGRADE) }
  const request = httpRequest({ host: '127.0.0.1', port, path, headers, agent: false })
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    request.on('error', reject)
    request.on('response', resolve)
    request.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve(response)
    })
  })
  request.end()
  const response = await answered
  const { statusCode: status = 0, headers: received } = response
  const body = status === 101 ? '' : (await bodyOf(response)).toString()
  return { status, type: received['content-type'], body }
}
