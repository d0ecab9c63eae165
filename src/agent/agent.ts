import { AccessLog } from '../log/access-log.ts'
import type { Logger } from '../log/logger.ts'
import { Metrics } from '../metrics/metrics.ts'
import { MetricsServer } from '../metrics/metrics-server.ts'
import { RequestMetrics } from '../metrics/request-metrics.ts'
import { MuxRuntime } from '../net/mux-conn.ts'
import { CodedError } from '../std/errors.ts'
import { assert } from '../std/assert.ts'
import type { AgentConfig, ListenerConfig } from './config.ts'
import { HttpListener } from './http-listener.ts'
import { parseServiceAddress } from './service-address.ts'

/** Every listener was refused by the server: there is nothing left to do. */
export class AgentRefusedError extends CodedError<'refused'> {
  override readonly name = 'AgentRefusedError'
}

/**
 * `piko agent`: one tunnel per listener, each forwarding to its service. Listeners are independent:
 * one that is refused leaves the others as they are; the agent ends when the last one was.
 */
export class Agent {
  private readonly config: AgentConfig
  private readonly logger: Logger
  private readonly runtime = new MuxRuntime()
  private readonly metrics = new Metrics().withProcessMetrics()
  private readonly requests = new RequestMetrics(this.metrics, 'piko_agent', ['endpoint'])
  private readonly metricsServer = new MetricsServer(this.metrics)
  private readonly listeners: readonly HttpListener[]
  private working: number
  private fail: (error: AgentRefusedError) => void = () => {}
  /** Resolves when every listener was refused. */
  readonly failed = new Promise<AgentRefusedError>((resolve) => {
    this.fail = resolve
  })

  constructor(config: AgentConfig, logger: Logger) {
    this.config = config
    this.logger = logger
    this.working = config.listeners.length
    this.listeners = config.listeners.map((listener) => this.createListener(listener))
  }

  /** Requests under way. */
  get exchangeCount(): number {
    return this.listeners.reduce((sum, listener) => sum + listener.exchangeCount, 0)
  }

  /** Starts to connect. Rejects with a ListenError when the metrics port is taken. */
  async start(): Promise<void> {
    const { server } = this.config
    if (server.enabled) {
      const address = await this.metricsServer.listen(server.bindAddr)
      this.logger.info('serving metrics', { port: address.port })
    }
    for (const listener of this.listeners) listener.start()
  }

  /** Leaves in order, within the grace period. */
  async shutdown(): Promise<void> {
    this.logger.info('agent leaving')
    const cut = setTimeout(() => this.cut(), this.config.gracePeriodMs)
    // No more requests come; those that are here get their answers.
    await Promise.all(this.listeners.map(async (listener) => listener.drain()))
    clearTimeout(cut)
    for (const listener of this.listeners) listener.close()
    await this.metricsServer.close()
    this.logger.info('agent stopped')
  }

  private cut(): void {
    this.logger.warn('grace period is over; cutting what is still under way', {
      requests: this.exchangeCount,
    })
    for (const listener of this.listeners) listener.close()
  }

  private createListener(config: ListenerConfig): HttpListener {
    const service = parseServiceAddress(config.addr)
    assert(service !== undefined, 'a configured address was checked')
    const { idleConnTimeoutMs, keepAliveTimeoutMs, maxIdleConns } = config.httpClient
    return new HttpListener({
      tunnel: this.tunnelOptions(config.endpointId),
      service,
      timeoutMs: config.timeoutMs,
      pool: {
        idleMax: maxIdleConns === -1 ? Number.POSITIVE_INFINITY : maxIdleConns,
        idleTimeoutMs: idleConnTimeoutMs,
        keepAliveMs: keepAliveTimeoutMs,
      },
      counters: this.requests.scope(config.endpointId),
      accessLog: new AccessLog(this.logger.child('proxy.http.access'), config.accessLog),
      refused: () => this.listenerRefused(),
    })
  }

  private tunnelOptions(endpointId: string) {
    const { url, token, tenantId, timeoutMs } = this.config.connect
    return {
      url,
      endpointId,
      connectTimeoutMs: timeoutMs,
      runtime: this.runtime,
      logger: this.logger.child('listener'),
      ...(token.isSet && { token: () => token.reveal() }),
      ...(tenantId !== '' && { tenantId }),
    }
  }

  private listenerRefused(): void {
    this.working -= 1
    if (this.working > 0) return
    this.fail(new AgentRefusedError('refused', 'the server refused every listener'))
  }
}
