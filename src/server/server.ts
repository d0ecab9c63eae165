import { setTimeout as wait } from 'node:timers/promises'
import { Authentication } from '../auth/authentication.ts'
import { ClusterTable, DEFAULT_CLUSTER_TABLE } from '../cluster/cluster-table.ts'
import { ADMIN_ADDRESS_KEY, ADMIN_TLS_KEY, PROXY_ADDRESS_KEY } from '../cluster/node.ts'
import type { Reloadable } from '../config/config-reload.ts'
import { AccessLog } from '../log/access-log.ts'
import type { Logger } from '../log/logger.ts'
import { Metrics } from '../metrics/metrics.ts'
import { ConnectionMetrics } from '../metrics/connection-metrics.ts'
import { RequestMetrics } from '../metrics/request-metrics.ts'
import { KeyRing } from '../net/key-ring.ts'
import { MuxRuntime } from '../net/mux-conn.ts'
import { ReadGarbage } from '../net/read-garbage.ts'
import { NodePort, StreamKind } from '../net/node-port.ts'
import type { NodePortLimits } from '../net/node-port.ts'
import { TcpTransport } from '../net/tcp-transport.ts'
import { describeError } from '../std/errors.ts'
import { formatHostPort } from '../std/host-port.ts'
import type { HostPort } from '../std/host-port.ts'
import { AdminServer } from './admin/admin-server.ts'
import type { UpstreamDetail } from './admin/status-source.ts'
import type { ProxyConfig, ServerConfig } from './config.ts'
import type { PortGuard } from './limits/guard-port.ts'
import { NodeLimits } from './limits/node-limits.ts'
import { ClusterStatus } from './membership/cluster-status.ts'
import type { ClusterConfig } from './membership/cluster-config.ts'
import { advertisedAddress, randomNodeId } from './membership/local-node.ts'
import { measureCluster } from './membership/cluster-metrics.ts'
import { Membership } from './membership/membership.ts'
import { PortTls } from './port-tls.ts'
import { Admittance } from './proxy/admittance.ts'
import { ProxyServer } from './proxy/proxy-server.ts'
import { Retries } from './proxy/retries.ts'
import { RequestJournal } from './proxy/request-journal.ts'
import { RelaySessions } from './relay/relay-sessions.ts'
import { Router } from './relay/router.ts'
import { EndpointRegistry } from './upstream/endpoint-registry.ts'
import { Placement } from './upstream/placement.ts'
import { Rebalancer } from './upstream/rebalancer.ts'
import { shownName } from './upstream/tenant-endpoint.ts'
import { TenantQuotas } from './upstream/tenant-quotas.ts'
import { UpstreamServer } from './upstream/upstream-server.ts'

/** The addresses that a node listens on, with the real ports where 0 was configured. */
export interface ServerAddresses {
  readonly proxy: HostPort
  readonly upstream: HostPort
  readonly admin: HostPort
  readonly gossip: HostPort
}

/**
 * A Piko node: its ports and what lies between them.
 *
 *     proxy ──▶ router ──▶ registry ◀── upstream        a listener of this node
 *                  └─────▶ relays ──▶ another node       the table says which, gossip feeds it
 */
export class Server implements Reloadable<ServerConfig> {
  readonly nodeId: string
  private config: ServerConfig
  private readonly logger: Logger
  private readonly tls: PortTls
  private readonly authentication: Authentication
  private readonly nodePort: NodePort
  private readonly table: ClusterTable
  private readonly relays: RelaySessions
  private readonly membership: Membership
  private readonly status: ClusterStatus
  private readonly admin: AdminServer
  private readonly upstream: UpstreamServer
  private readonly rebalancer: Rebalancer
  private readonly proxy: ProxyServer

  constructor(config: ServerConfig, logger: Logger) {
    this.config = config
    this.logger = logger
    const { cluster } = config
    this.nodeId = cluster.nodeId || cluster.nodeIdPrefix + randomNodeId()

    const metrics = new Metrics().withProcessMetrics()
    this.tls = new PortTls(config, { logger: logger.child('tls'), metrics })
    this.authentication = authenticationOf(config, { logger, metrics })
    const quotas = quotasOf(config, metrics)
    const { tenantNamespaces } = config.upstream
    const runtime = new MuxRuntime(ReadGarbage.collected())
    const { garbage } = runtime
    const limits = new NodeLimits(config, { metrics, garbage, logger: logger.child('limits') })
    const registry = new EndpointRegistry()
    const { holdMs } = config.proxy
    const table = new ClusterTable(
      this.nodeId,
      { random: Math.random, inFlight: (nodeId) => this.relays.inFlight(nodeId) },
      { ...DEFAULT_CLUSTER_TABLE, vanishedMemoryMs: holdMs },
    )
    this.table = table
    this.nodePort = this.createNodePort(cluster, limits.forGossip(), garbage)
    this.relays = this.createRelays({ runtime, registry, table, limits })
    const router = new Router({ registry, table, relays: this.relays, metrics, holdMs })
    this.membership = new Membership({
      nodeId: this.nodeId,
      config: cluster,
      port: this.nodePort,
      table,
      logger: logger.child('gossip'),
      appeared: (endpointId) => router.appeared(endpointId),
      opened: () => this.upstream.sessions.companyCame(),
      gone: (nodeId) => this.relays.drop(nodeId),
    })
    this.tellOfEndpoints(registry, router)
    const status = new ClusterStatus(table, this.membership)
    this.status = status
    measureCluster(metrics, { status, membership: this.membership, nodePort: this.nodePort })
    this.admin = this.createAdmin({ registry, metrics, guard: limits.forPort('admin').guard })
    this.upstream = new UpstreamServer({
      security: this.tls.security('upstream'),
      registry,
      runtime,
      gate: this.authentication.upstream,
      quotas,
      tenantNamespaces,
      graceMs: config.gracePeriodMs,
      placement: new Placement(this.nodeId, () => status.counts().get('active') ?? 1),
      logger: logger.child('upstream'),
      metrics,
      limits: config.upstream.limits,
      ...limits.forPort('upstream'),
      windowBytes: config.stream.maxWindowSize,
    })
    this.rebalancer = this.createRebalancer()
    this.proxy = new ProxyServer({
      config: config.proxy,
      security: this.tls.security('proxy'),
      upstreams: router,
      retries: new Retries(metrics),
      admittance: new Admittance({ gate: this.authentication.proxy, quotas, tenantNamespaces }),
      turn: runtime.turn,
      heartbeat: runtime.heartbeat,
      ...limits.forPort('proxy'),
      journal: requestJournal(config.proxy, metrics, logger.child('proxy.access')),
      tcpCounters: new ConnectionMetrics(metrics, 'piko_proxy').scope(),
    })
  }

  /**
   * Opens the ports and joins the cluster. Rejects with a ListenError that names the port at fault,
   * or a JoinError.
   */
  async start(): Promise<ServerAddresses> {
    const { config, membership } = this
    // Keys before any port that asks for them.
    await this.authentication.start()
    // Admin first: whoever watches the node can see it start, and that it is not ready yet.
    const admin = await this.admin.listen(config.admin.bindAddr)
    // The cluster before listeners and clients: a node that cannot join should not take any.
    const gossip = await this.nodePort.listen(config.cluster.gossip.bindAddr)
    membership.start(config.cluster.gossip.advertiseAddr ?? advertisedAddress(gossip))
    await this.join()
    // Listeners before clients, so that a request finds upstreams when it can be sent.
    const upstream = await this.upstream.listen(config.upstream.bindAddr)
    const proxy = await this.proxy.listen(config.proxy.bindAddr)
    const proxyAddress = config.proxy.advertiseAddr ?? advertisedAddress(proxy)
    const adminAddress = config.admin.advertiseAddr ?? advertisedAddress(admin)
    // Known with the address at the latest: who asks must not try the wrong one.
    if (config.admin.tls.cert !== '') membership.advertise(ADMIN_TLS_KEY, 'true')
    membership.advertise(PROXY_ADDRESS_KEY, formatHostPort(proxyAddress))
    membership.advertise(ADMIN_ADDRESS_KEY, formatHostPort(adminAddress))
    // Ready last: everything that a request needs is there.
    this.admin.setReady(true)
    this.rebalancer.start()
    const addresses = { proxy, upstream, admin, gossip }
    this.logger.info('node started', { 'node-id': this.nodeId, ...portsOf(addresses) })
    return addresses
  }

  /** Takes over the settings that may change while the node runs: those marked `reload`. */
  reload(config: ServerConfig): void {
    this.config = config
    this.proxy.reload(config.proxy)
    this.tls.renew()
  }

  /** Leaves in order, within the grace period; what is not done by then is cut and counted. */
  async shutdown(): Promise<void> {
    const hasOthers = this.hasOthers()
    this.logger.info('node leaving', { 'node-id': this.nodeId })
    const { gracePeriodMs } = this.config
    const deadlineMs = performance.now() + gracePeriodMs
    const cut = setTimeout(() => this.cut(), gracePeriodMs)
    // First of all, so that load balancers look elsewhere, and clients connect anew.
    this.admin.setReady(false)
    this.rebalancer.stop()
    this.proxy.leave()
    this.upstream.leave()
    // They take a while to notice. Until then everything is served as before.
    await this.serveOn(hasOthers)
    // Listeners move to other nodes while clients get their answers from wherever they are. Alone
    // there is nowhere to go: clients come first, for they need the listeners.
    const clientsGone = this.proxy.drain()
    if (!hasOthers) await clientsGone
    await this.drainUpstreams(hasOthers, deadlineMs - performance.now())
    await clientsGone
    // Nothing is served here any more, and the others know it: what they relayed meanwhile came
    // back to them.
    await this.relays.drain()
    clearTimeout(cut)
    await this.upstream.close()
    await this.membership.leave()
    this.relays.close()
    await this.nodePort.close()
    // Admin last: the node can be watched until it is gone.
    await this.admin.close()
    this.authentication.close()
    this.logger.info('node stopped', { 'node-id': this.nodeId })
  }

  /** Other nodes and waiting requests hear of the endpoints that are served here. */
  private tellOfEndpoints(registry: EndpointRegistry, router: Router): void {
    registry.watch((endpointId, upstreamCount) => {
      this.membership.advertiseEndpoint(endpointId, upstreamCount)
      if (upstreamCount > 0) router.appeared(endpointId)
    })
  }

  private createRebalancer(): Rebalancer {
    const { config, table } = this
    const upstreams = this.upstream.sessions
    const logger = this.logger.child('upstream')
    return new Rebalancer({ config: config.upstream.rebalance, table, upstreams, logger })
  }

  private createRelays(parts: {
    runtime: MuxRuntime
    registry: EndpointRegistry
    table: ClusterTable
    limits: NodeLimits
  }): RelaySessions {
    const { runtime, registry, table, limits } = parts
    return new RelaySessions({
      runtime,
      registry,
      logger: this.logger.child('relay'),
      dial: (address) => new TcpTransport(this.nodePort.dial(address, StreamKind.relay)),
      failed: (nodeId) => table.suspensions.failed(nodeId, performance.now()),
      budget: limits.budget,
      limited: limits.noteEnd,
    })
  }

  /** What comes to the gossip port goes to the membership and the relays. */
  private createNodePort(
    config: ClusterConfig,
    limits: NodePortLimits,
    garbage: ReadGarbage,
  ): NodePort {
    return new NodePort(
      {
        packet: (from, bytes) => this.membership.packet(from, bytes),
        nodeAddresses: () => this.membership.peerAddresses(),
        stream: (kind, socket) => {
          if (kind === StreamKind.sync) this.membership.syncAsked(socket)
          else this.relays.accept(new TcpTransport(socket))
        },
      },
      { keys: keyRingOf(config), limits, garbage },
    )
  }

  private createAdmin(parts: {
    registry: EndpointRegistry
    metrics: Metrics
    guard: PortGuard
  }): AdminServer {
    const { registry, ...others } = parts
    return new AdminServer({
      status: {
        upstreamEndpoints: () => new Map(shown(registry.counts())),
        upstreamDetails: () => upstreamDetails(registry),
        cluster: this.status,
      },
      ...others,
      logger: this.logger.child('admin'),
      security: this.tls.security('admin'),
      forwardTls: () => this.tls.forward,
      gate: this.authentication.admin,
      openMetrics: this.config.admin.openMetrics,
    })
  }

  private hasOthers(): boolean {
    return (this.status.counts().get('active') ?? 0) > 1
  }

  private async join(): Promise<void> {
    try {
      await this.membership.join()
    } catch (error) {
      if (this.config.cluster.abortIfJoinFails) throw error
      this.logger.warn('joined nobody; goes on looking', { reason: describeError(error) })
    }
  }

  /** Resolves when load balancers have had time to notice that the node leaves. */
  private async serveOn(hasOthers: boolean): Promise<void> {
    const { shutdown, gracePeriodMs } = this.config
    const delayMs = hasOthers ? Math.min(shutdown.delayMs, gracePeriodMs / 2) : 0
    if (delayMs > 0) await wait(delayMs)
  }

  private async drainUpstreams(hasOthers: boolean, withinMs: number): Promise<void> {
    await this.upstream.drain({
      hasOthers,
      isServedElsewhere: (endpointId) => this.table.candidates(endpointId).length > 0,
      withinMs,
    })
  }

  /** The grace period is over. */
  private cut(): void {
    this.logger.warn('grace period is over; cutting what is still under way', {
      requests: this.proxy.requestCount,
      streams: this.upstream.sessions.streamCount,
    })
    this.proxy.destroy()
    this.relays.close()
    void this.upstream.close()
  }
}

function keyRingOf({ secret, previousSecrets }: ClusterConfig): KeyRing | undefined {
  if (!secret.isSet) return undefined
  return new KeyRing([secret.reveal(), ...previousSecrets.map((previous) => previous.reveal())])
}

function requestJournal(config: ProxyConfig, metrics: Metrics, logger: Logger): RequestJournal {
  const counters = new RequestMetrics(metrics, 'piko_proxy').scope()
  return new RequestJournal(counters, new AccessLog(logger, config.accessLog))
}

function upstreamDetails(registry: EndpointRegistry): ReadonlyMap<string, UpstreamDetail[]> {
  return new Map(
    Array.from(shown(registry.upstreams()), ([endpointId, upstreams]) => [
      endpointId,
      upstreams.map(({ remoteAddress }) => ({ remote_addr: remoteAddress })),
    ]),
  )
}

/** With the names of endpoints as people read them. */
function* shown<Value>(
  byEndpoint: Iterable<readonly [string, Value]>,
): Generator<readonly [string, Value]> {
  for (const [endpointId, value] of byEndpoint) yield [shownName(endpointId), value]
}

function authenticationOf(
  { proxy, upstream, admin }: ServerConfig,
  { logger, metrics }: { logger: Logger; metrics: Metrics },
): Authentication {
  return new Authentication({
    proxy: proxy.auth,
    upstream: upstream.auth,
    admin: admin.auth,
    tenants: upstream.tenants,
    logger: logger.child('auth'),
    metrics,
  })
}

function quotasOf({ upstream }: ServerConfig, metrics: Metrics): TenantQuotas {
  const exceeded = metrics.counterFamily(
    'piko_tenant_limits_exceeded_total',
    'Listeners and requests turned away because of a limit of their tenant.',
    ['tenant', 'limit'],
  )
  const quotas = new TenantQuotas(upstream.tenants, (tenantId, limit) =>
    exceeded.with(tenantId, limit).inc(),
  )
  metrics.gauge(
    'piko_tenant_usage',
    'What each tenant uses of this node, by the limit that it counts against.',
    () => quotas.readings,
  )
  return quotas
}

function portsOf(addresses: ServerAddresses): Record<string, number> {
  return Object.fromEntries(
    Object.entries(addresses).map(([name, { port }]: [string, HostPort]) => [`${name}-port`, port]),
  )
}
