import type { Logger } from '../log/logger.ts'
import { AccessLog } from '../log/access-log.ts'
import { Metrics } from '../metrics/metrics.ts'
import { RequestMetrics } from '../metrics/request-metrics.ts'
import { MuxRuntime } from '../net/mux-conn.ts'
import type { HostPort } from '../std/host-port.ts'
import { AdminServer } from './admin/admin-server.ts'
import type { ServerConfig } from './config.ts'
import { advertisedAddress, randomNodeId } from './membership/local-node.ts'
import { LocalStatus } from './local-status.ts'
import { ProxyServer } from './proxy/proxy-server.ts'
import { RequestJournal } from './proxy/request-journal.ts'
import { EndpointRegistry } from './upstream/endpoint-registry.ts'
import { UpstreamServer } from './upstream/upstream-server.ts'

/** The addresses that a node listens on, with the real ports where 0 was configured. */
export interface ServerAddresses {
  readonly proxy: HostPort
  readonly upstream: HostPort
  readonly admin: HostPort
}

/** A Piko node: its ports and what lies between them. */
export class Server {
  readonly nodeId: string
  private readonly config: ServerConfig
  private readonly logger: Logger
  private readonly registry = new EndpointRegistry()
  private readonly status: LocalStatus
  private readonly admin: AdminServer
  private readonly upstream: UpstreamServer
  private readonly proxy: ProxyServer

  constructor(config: ServerConfig, logger: Logger) {
    this.config = config
    this.logger = logger
    this.nodeId = randomNodeId()
    this.status = new LocalStatus(this.nodeId, this.registry)
    const metrics = new Metrics().withProcessMetrics()
    metrics.gauge('piko_cluster_nodes', 'Nodes by status, as this node sees them.', () => [
      { labels: { status: 'active' }, value: 1 },
    ])
    const runtime = new MuxRuntime()
    this.admin = new AdminServer({ status: this.status, metrics })
    this.upstream = new UpstreamServer({
      registry: this.registry,
      runtime,
      logger: logger.child('upstream'),
      metrics,
    })
    this.proxy = new ProxyServer({
      config: config.proxy,
      upstreams: this.registry,
      turn: runtime.turn,
      journal: new RequestJournal(
        new RequestMetrics(metrics, 'piko_proxy').scope(),
        new AccessLog(logger.child('proxy.access'), config.proxy.accessLog),
      ),
    })
  }

  /** Opens the ports. Rejects with a ListenError that names the port at fault. */
  async start(): Promise<ServerAddresses> {
    const { config } = this
    // Admin first: whoever watches the node can see it start, and that it is not ready yet.
    const admin = await this.admin.listen(config.admin.bindAddr)
    // Listeners before clients, so that a request finds upstreams when it can be sent.
    const upstream = await this.upstream.listen(config.upstream.bindAddr)
    const proxy = await this.proxy.listen(config.proxy.bindAddr)
    this.status.advertise(advertisedAddress(proxy), advertisedAddress(admin))
    // Ready last: everything that a request needs is there.
    this.admin.setReady(true)
    this.logger.info('node started', {
      'node-id': this.nodeId,
      ...portsOf({ proxy, upstream, admin }),
    })
    return { proxy, upstream, admin }
  }

  /** Leaves in order, within the grace period; what is not done by then is cut and counted. */
  async shutdown(): Promise<void> {
    this.logger.info('node leaving', { 'node-id': this.nodeId })
    // First of all, so that load balancers look elsewhere.
    this.admin.setReady(false)
    // Listeners that dial now should find another node.
    this.upstream.refuseNew()
    // The tunnels stay up until the requests that they carry are answered.
    await this.finishRequests()
    // Nobody needs the tunnels any more: the listeners are told to dial again, and do.
    await this.upstream.close()
    // Admin last: the node can be watched until it is gone.
    await this.admin.close()
    this.logger.info('node stopped', { 'node-id': this.nodeId })
  }

  private async finishRequests(): Promise<void> {
    const cut = setTimeout(() => {
      this.logger.warn('grace period is over; cutting what is still under way', {
        streams: this.upstream.streamCount,
      })
      this.proxy.destroy()
    }, this.config.gracePeriodMs)
    await this.proxy.drain()
    clearTimeout(cut)
  }
}

function portsOf(addresses: ServerAddresses): Record<string, number> {
  return Object.fromEntries(
    Object.entries(addresses).map(([name, { port }]: [string, HostPort]) => [`${name}-port`, port]),
  )
}
