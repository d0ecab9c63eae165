import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Metrics } from '../../metrics/metrics.ts'
import { closeServer, listen } from '../../net/listen.ts'
import type { HostPort } from '../../std/host-port.ts'
import { statusJson } from './status-source.ts'
import type { StatusSource } from './status-source.ts'

export interface AdminServerOptions {
  readonly status: StatusSource
  readonly metrics: Metrics
}

/** What a route answers: nothing but a status, or a body. */
interface Reply {
  readonly status: number
  readonly contentType?: string
  readonly body?: string
}

const OK: Reply = { status: 200 }
const NOT_FOUND: Reply = { status: 404 }
const NOT_READY: Reply = { status: 503 }

/** The admin port: health, readiness, metrics and status, for operators and their machines. */
export class AdminServer {
  private readonly status: StatusSource
  private readonly metrics: Metrics
  private readonly http = createServer((request, response) => {
    void this.handle(request, response)
  })
  private ready = false

  constructor({ status, metrics }: AdminServerOptions) {
    this.status = status
    this.metrics = metrics
  }

  async listen(address: HostPort): Promise<HostPort> {
    return listen(this.http, address, 'admin')
  }

  /** Whether load balancers may send requests to this node. */
  setReady(ready: boolean): void {
    this.ready = ready
  }

  async close(): Promise<void> {
    const closed = closeServer(this.http)
    this.http.closeAllConnections()
    await closed
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const reply = await this.reply(request)
    response.writeHead(reply.status, {
      ...(reply.contentType !== undefined && { 'content-type': reply.contentType }),
      'content-length': Buffer.byteLength(reply.body ?? ''),
    })
    response.end(request.method === 'HEAD' ? undefined : reply.body)
  }

  private async reply({ method, url = '/' }: IncomingMessage): Promise<Reply> {
    if (method !== 'GET' && method !== 'HEAD') return { status: 405 }
    const path = url.replace(/\?.*$/, '')
    switch (path) {
      case '/health':
        return OK
      case '/ready':
        return this.ready ? OK : NOT_READY
      case '/metrics':
        return { ...OK, contentType: this.metrics.contentType, body: await this.metrics.text() }
      case '/status/upstream/endpoints':
        return json(this.status.upstreamEndpoints())
      case '/status/cluster/nodes':
        return json(this.status.clusterNodes())
      default:
        return this.nodeReply(path)
    }
  }

  private nodeReply(path: string): Reply {
    const id = /^\/status\/cluster\/nodes\/([^/]+)$/.exec(path)?.[1]
    const node = id === undefined ? undefined : this.status.clusterNode(id)
    return node === undefined ? NOT_FOUND : json(node)
  }
}

function json(value: unknown): Reply {
  return { ...OK, contentType: 'application/json; charset=utf-8', body: statusJson(value) }
}
