import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { findCredentials } from '../../auth/credentials.ts'
import type { PortGate } from '../../auth/port-gate.ts'
import { REFUSALS } from '../../auth/refusal.ts'
import type { RefusalReason } from '../../auth/refusal.ts'
import type { Logger } from '../../log/logger.ts'
import type { Metrics } from '../../metrics/metrics.ts'
import { renderAnswer } from '../../net/answer.ts'
import type { ClientTls } from '../../net/client-tls.ts'
import { createHttpPort } from '../../net/http-port.ts'
import type { PortSecurity } from '../../net/http-port.ts'
import { closeServer, listen } from '../../net/listen.ts'
import type { HostPort } from '../../std/host-port.ts'
import { AdminForwarder } from './admin-forward.ts'
import { statusPage } from './status-routes.ts'
import { statusJson } from './status-source.ts'
import type { StatusSource } from './status-source.ts'

export interface AdminServerOptions {
  readonly status: StatusSource
  readonly metrics: Metrics
  readonly logger: Logger
  /** The port speaks TLS. */
  readonly security?: PortSecurity | undefined
  /** For admin ports of other nodes that speak TLS. */
  readonly forwardTls: () => ClientTls
  readonly gate: PortGate
  /** Metrics need no token. */
  readonly openMetrics: boolean
  /** Holds the port to the limits of its connections. */
  readonly guard: Guard
}

interface Guard {
  watch(server: Server): void
  close(): void
}

/** What a route answers: nothing but a status, or a body. */
interface Reply {
  readonly status: number
  readonly contentType?: string
  readonly body?: string
}

const OK: Reply = { status: 200 }
const NOT_FOUND: Reply = { status: 404 }
const NOT_ALLOWED: Reply = { status: 405 }
const NOT_READY: Reply = { status: 503 }
/** How long a request may take to come: it has no body worth waiting for. */
const REQUEST_MS = 10_000

/** Only makes a path into a URL. */
const BASE = 'http://admin'
const JSON_TYPE = { contentType: 'application/json; charset=utf-8' }

/** The admin port: health, readiness, metrics and status, for operators and their machines. */
export class AdminServer {
  private readonly status: StatusSource
  private readonly metrics: Metrics
  private readonly forwarder: AdminForwarder
  private readonly http: Server
  private readonly guard: Guard
  private readonly gate: PortGate
  /** Paths that need no token. */
  private readonly openPaths: ReadonlySet<string>
  private ready = false

  constructor(options: AdminServerOptions) {
    const { status, metrics, gate, openMetrics, logger, security, forwardTls, guard } = options
    this.status = status
    this.metrics = metrics
    this.gate = gate
    this.guard = guard
    this.openPaths = new Set(['/health', '/ready', ...(openMetrics ? ['/metrics'] : [])])
    this.forwarder = new AdminForwarder(logger, forwardTls)
    this.http = createHttpPort({ headersTimeout: REQUEST_MS, requestTimeout: REQUEST_MS }, security)
    this.http.on('request', (request, response) => void this.handle(request, response))
    guard.watch(this.http)
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
    this.guard.close()
    await closed
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url: target = '/' } = request
    if (!URL.canParse(target, BASE)) return this.send(request, response, NOT_FOUND)
    const url = new URL(target, BASE)
    const nodeId = url.searchParams.get('forward')
    // Who makes this node ask another one is no probe.
    if (nodeId !== null || !this.openPaths.has(url.pathname)) {
      const admission = await this.gate.admit(findCredentials(request.rawHeaders))
      if ('refused' in admission) return refuse(request, response, admission.refused)
    }
    if (nodeId !== null) {
      url.searchParams.delete('forward')
      const port = this.status.cluster.adminPort(nodeId)
      const path = `${url.pathname}${url.search}`
      if (port !== undefined) return this.forwarder.forward(request, response, { ...port, path })
      return this.send(request, response, NOT_FOUND)
    }
    this.send(request, response, await this.reply(request.method, url))
  }

  private send(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
    response.writeHead(reply.status, {
      ...(reply.contentType !== undefined && { 'content-type': reply.contentType }),
      'content-length': Buffer.byteLength(reply.body ?? ''),
    })
    response.end(request.method === 'HEAD' ? undefined : reply.body)
  }

  private async reply(method: string | undefined, url: URL): Promise<Reply> {
    if (method !== 'GET' && method !== 'HEAD') return NOT_ALLOWED
    switch (url.pathname) {
      case '/health':
        return OK
      case '/ready':
        return this.ready ? OK : NOT_READY
      case '/metrics':
        return { ...OK, contentType: this.metrics.contentType, body: await this.metrics.text() }
      default: {
        const page = statusPage(this.status, url)
        return page === undefined ? NOT_FOUND : { ...OK, ...JSON_TYPE, body: statusJson(page) }
      }
    }
  }
}

function refuse(request: IncomingMessage, response: ServerResponse, reason: RefusalReason): void {
  const { fields, body } = renderAnswer(REFUSALS[reason])
  response.writeHead(REFUSALS[reason].status, fields)
  response.end(request.method === 'HEAD' ? undefined : body)
}
