import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import { closeServer, listen } from '../net/listen.ts'
import type { HostPort } from '../std/host-port.ts'
import type { Metrics } from './metrics.ts'

/** A port for Prometheus, for programs that have no other. */
export class MetricsServer {
  private readonly metrics: Metrics
  private readonly http = createServer((request, response) => {
    if (request.url === '/metrics') void this.scrape(response)
    else response.writeHead(404).end()
  })

  constructor(metrics: Metrics) {
    this.metrics = metrics
  }

  /** Rejects with a ListenError. */
  async listen(address: HostPort): Promise<HostPort> {
    return listen(this.http, address, 'metrics')
  }

  async close(): Promise<void> {
    if (!this.http.listening) return
    const closed = closeServer(this.http)
    this.http.closeAllConnections()
    await closed
  }

  private async scrape(response: ServerResponse): Promise<void> {
    const body = await this.metrics.text()
    response.writeHead(200, { 'content-type': this.metrics.contentType })
    response.end(body)
  }
}
