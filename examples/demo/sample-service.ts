import { createServer } from 'node:http'
import type { Server } from 'node:http'

/** Fields that Piko adds or routes by: worth showing to somebody who tries it. */
const SHOWN = ['host', 'x-piko-endpoint', 'x-forwarded-for', 'x-forwarded-proto']

/** A service that answers every request with what it saw of it. */
export function createSampleService(endpointId: string): Server {
  return createServer((request, response) => {
    request.resume()
    const seen = SHOWN.flatMap((name) => {
      const value = request.headers[name]
      return value === undefined ? [] : [`  ${name}: ${String(value)}`]
    })
    response.setHeader('content-type', 'text/plain; charset=utf-8')
    response.end(
      [
        `Hello from the service behind ${endpointId}. It got:`,
        `  ${request.method} ${request.url}`,
        ...seen,
        '',
      ].join('\n'),
    )
  })
}
