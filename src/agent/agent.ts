import type { Reloadable } from '../config/config-reload.ts'
import { AccessLog } from '../log/access-log.ts'
import type { Logger } from '../log/logger.ts'
import { ConnectionMetrics } from '../metrics/connection-metrics.ts'
import { Metrics } from '../metrics/metrics.ts'
import { MetricsServer } from '../metrics/metrics-server.ts'
import { RequestMetrics } from '../metrics/request-metrics.ts'
import { ClientTlsFiles } from '../net/client-tls-files.ts'
import { MuxRuntime } from '../net/mux-conn.ts'
import { ReadGarbage } from '../net/read-garbage.ts'
import { CodedError } from '../std/errors.ts'
import { assert } from '../std/assert.ts'
import type {
  AgentConfig,
  HttpListenerConfig,
  ListenerConfig,
  TcpListenerConfig,
} from './config.ts'
import { HttpListener } from './http-listener.ts'
import { ListenerSet } from './listener-set.ts'
import type { AgentListener, ListenerNews } from './listener-set.ts'
import { parseServiceAddress } from './service-address.ts'
import type { ServiceAddress } from './service-address.ts'
import { TcpListener } from './tcp-listener.ts'

/** Every listener was refused by the server: there is nothing left to do. */
export class AgentRefusedError extends CodedError<'refused'> {
  override readonly name = 'AgentRefusedError'
}

/**
 * `piko agent`: one tunnel per listener, each forwarding to its service. Listeners are independent:
 * one that is refused leaves the others as they are; the agent ends when the last one was.
 */
export class Agent implements Reloadable<AgentConfig> {
  private config: AgentConfig
  private readonly logger: Logger
  private readonly runtime = new MuxRuntime(ReadGarbage.collected())
  private readonly metrics = new Metrics().withProcessMetrics()
  private readonly requests = new RequestMetrics(this.metrics, 'piko_agent', ['endpoint'])
  private readonly connections = new ConnectionMetrics(this.metrics, 'piko_agent', ['endpoint'])
  private readonly metricsServer = new MetricsServer(this.metrics)
  /** Of the connection to Piko. */
  private readonly tls: ClientTlsFiles
  private readonly listeners: ListenerSet
  private fail: (error: AgentRefusedError) => void = () => {}
  /** Resolves when every listener was refused. */
  readonly failed = new Promise<AgentRefusedError>((resolve) => {
    this.fail = resolve
  })

  constructor(config: AgentConfig, logger: Logger) {
    this.config = config
    this.logger = logger
    this.tls = new ClientTlsFiles(config.connect.tls, 'connect: tls', logger.child('tls'))
    this.listeners = new ListenerSet({
      create: (listener, news) => this.createListener(listener, news),
      logger: logger.child('listener'),
      graceMs: () => this.config.gracePeriodMs,
      allRefused: () => this.allRefused(),
    })
  }

  /** Requests and connections under way. */
  get exchangeCount(): number {
    return this.listeners.exchangeCount
  }

  /** Starts to connect. Rejects with a ListenError when the metrics port is taken. */
  async start(): Promise<void> {
    const { server } = this.config
    if (server.enabled) {
      const address = await this.metricsServer.listen(server.bindAddr)
      this.logger.info('serving metrics', { port: address.port })
    }
    this.listeners.configure(this.config.listeners)
  }

  /** Takes over the settings that may change while the agent runs: those marked `reload`. */
  reload(config: AgentConfig): void {
    const { connect, server } = this.config
    const { token, tokenFile } = config.connect
    this.config = { ...config, server, connect: { ...connect, token, tokenFile } }
    this.listeners.configure(config.listeners)
  }

  /** Leaves in order, within the grace period. */
  async shutdown(): Promise<void> {
    this.logger.info('agent leaving')
    const cut = setTimeout(() => this.cut(), this.config.gracePeriodMs)
    // No more requests come; those that are here get their answers.
    await this.listeners.drain()
    clearTimeout(cut)
    this.listeners.close()
    await this.metricsServer.close()
    this.logger.info('agent stopped')
  }

  private cut(): void {
    this.logger.warn('grace period is over; cutting what is still under way', {
      requests: this.exchangeCount,
    })
    this.listeners.close()
  }

  private createListener(config: ListenerConfig, news: ListenerNews): AgentListener {
    const service = parseServiceAddress(config.addr)
    assert(service !== undefined, 'a configured address was checked')
    return config.protocol === 'tcp'
      ? this.createTcpListener(config, service, news)
      : this.createHttpListener(config, service, news)
  }

  private createTcpListener(
    config: TcpListenerConfig,
    { host, port }: ServiceAddress,
    news: ListenerNews,
  ): TcpListener {
    return new TcpListener({
      tunnel: this.tunnelOptions(config.endpointId),
      service: { host, port },
      timeoutMs: config.timeoutMs,
      counters: this.connections.scope(config.endpointId),
      accessLog: config.accessLog,
      accessLogger: this.logger.child('proxy.tcp.access'),
      logger: this.logger.child('listener'),
      connected: () => news.connected(),
      refused: () => news.refused(),
    })
  }

  private createHttpListener(
    config: HttpListenerConfig,
    service: ServiceAddress,
    news: ListenerNews,
  ): HttpListener {
    const { idleConnTimeoutMs, keepAliveTimeoutMs, maxIdleConns } = config.httpClient
    const place = `listener: ${config.endpointId}: tls`
    const tls = new ClientTlsFiles(config.tls, place, this.logger.child('tls'))
    return new HttpListener({
      tunnel: this.tunnelOptions(config.endpointId),
      service,
      serviceTls: () => tls.current,
      timeoutMs: config.timeoutMs,
      pool: {
        idleMax: maxIdleConns === -1 ? Number.POSITIVE_INFINITY : maxIdleConns,
        idleTimeoutMs: idleConnTimeoutMs,
        keepAliveMs: keepAliveTimeoutMs,
      },
      counters: this.requests.scope(config.endpointId),
      accessLog: new AccessLog(this.logger.child('proxy.http.access'), config.accessLog),
      connected: () => news.connected(),
      refused: () => news.refused(),
    })
  }

  private tunnelOptions(endpointId: string) {
    const { url, tenantId, timeoutMs, proxyUrl, connections } = this.config.connect
    return {
      url,
      endpointId,
      connectTimeoutMs: timeoutMs,
      connections,
      tls: () => this.tls.current,
      proxyUrl: proxyUrl === '' ? undefined : new URL(proxyUrl),
      runtime: this.runtime,
      logger: this.logger.child('listener'),
      token: () => this.config.connect.token.reveal(),
      windowBytes: this.config.stream.maxWindowSize,
      ...(tenantId !== '' && { tenantId }),
    }
  }

  private allRefused(): void {
    this.fail(new AgentRefusedError('refused', 'the server refused every listener'))
  }
}
