import type { IncomingMessage } from 'node:http'
import { isField } from '../../http1/fields.ts'
import { encodeLatin1 } from '../../net/latin1.ts'

/**
 * The bytes of a request as if it had not asked for an upgrade, which a server is free to overlook
 * (RFC 9110 §7.8). For requests with a body: node:http hands an upgrade over without reading one.
 */
export function withoutUpgrade(request: IncomingMessage): Buffer {
  const { method, url, httpVersion, rawHeaders } = request
  let head = `${method} ${url} HTTP/${httpVersion}\r\n`
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (!isField(name, 'upgrade')) head += `${name}: ${rawHeaders[i + 1]}\r\n`
  }
  return encodeLatin1(`${head}\r\n`)
}
