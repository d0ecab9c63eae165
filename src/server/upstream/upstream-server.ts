import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { findCredentials } from '../../auth/credentials.ts'
import { allows } from '../../auth/grant.ts'
import { whenKnown } from '../../auth/port-gate.ts'
import type { Admission, PortGate } from '../../auth/port-gate.ts'
import { REFUSALS } from '../../auth/refusal.ts'
import type { Logger } from '../../log/logger.ts'
import type { Counter } from '../../metrics/counter.ts'
import type { Metrics } from '../../metrics/metrics.ts'
import {
  CONNECTION_CHECK_MS,
  HEAD_TIMEOUT,
  createHttpPort,
  onClientError,
} from '../../net/http-port.ts'
import type { PortSecurity } from '../../net/http-port.ts'
import { closeServer, listen } from '../../net/listen.ts'
import type { MuxRuntime } from '../../net/mux-conn.ts'
import { peerAddress } from '../../net/peer-address.ts'
import type { Transport } from '../../net/transport.ts'
import { WebSocketAcceptor } from '../../net/websocket-accept.ts'
import { DEFAULT_WEBSOCKET_KIND } from '../../net/websocket-kind.ts'
import { errorCode } from '../../std/errors.ts'
import { formatHostPort } from '../../std/host-port.ts'
import type { HostPort } from '../../std/host-port.ts'
import type { HeldBudget } from '../../yamux/config.ts'
import type { ExceededLimits } from '../limits/exceeded-limits.ts'
import type { PortGuard } from '../limits/guard-port.ts'
import { noteSessionLimit } from '../limits/session-limit.ts'
import type { EndpointRegistry } from './endpoint-registry.ts'
import { ListenerSession, listenerSessionConfig } from './listener-session.ts'
import type { ListenerSessionConfig } from './listener-session.ts'
import { ListenerSessions } from './listener-sessions.ts'
import type { DrainOptions } from './listener-sessions.ts'
import type { Placement } from './placement.ts'
import { isEndpointId, routedName } from './tenant-endpoint.ts'
import type { Release, TenantQuotas } from './tenant-quotas.ts'
import { TokenExpiry } from './token-expiry.ts'
import { TunnelLimits } from './tunnel-limits.ts'
import type { UpstreamLimits } from './upstream-config.ts'
import { handshakeError, writeUpgradeError, writeRequestError } from './upstream-errors.ts'
import type { UpstreamError } from './upstream-errors.ts'

/** The route that listeners register at, and the protocol's first name for it. */
const LISTENER_ROUTE = /^\/(?:piko\/v1\/upstream|pico\/v1\/listener)\/([^/?]+)(?:\?.*)?$/

/** What fits the keys of gossip and the preamble of a relayed request. */
const ENDPOINT_ID_BYTES_MAX = 255

/** Sent by listeners that move to another node before they leave one (client/tunnel.ts). */
const CLIENT_HEADER = 'x-piko-client'

/** What is known of a listener from its request for a tunnel. */
interface ListenerFacts {
  readonly endpointId: string
  /** '' outside of tenants. */
  readonly tenantId: string
  /** When its tunnel has to be opened anew, in milliseconds since 1970. */
  readonly expiresAtMs: number
  readonly clientIp: string
  readonly clientPort: number
  readonly movesFirst: boolean
  /** It was told that there is no other node. */
  readonly isAlone: boolean
  /** It no longer counts against the limits of its tenant. */
  readonly release: Release
}

/** A listener that may connect. */
interface Admitted {
  readonly endpointId: string
  readonly admission: Admission
}

export interface UpstreamServerOptions {
  /** The port speaks TLS. */
  readonly security?: PortSecurity | undefined
  readonly registry: EndpointRegistry
  readonly runtime: MuxRuntime
  readonly gate: PortGate
  readonly quotas: TenantQuotas
  /** Whether tenants have endpoints of their own, or share them all. */
  readonly tenantNamespaces: boolean
  /** How long requests may go on when the token of their tunnel is over. */
  readonly graceMs: number
  readonly placement: Placement
  readonly logger: Logger
  readonly metrics: Metrics
  readonly limits: UpstreamLimits
  readonly guard: PortGuard
  readonly exceeded: ExceededLimits
  /** What the tunnels share with whatever else holds answers. */
  readonly budget: HeldBudget
  /** What may be under way to this side on one stream of a tunnel. */
  readonly windowBytes: number
}

/**
 * The upstream port: listeners open a WebSocket and name their endpoint; each becomes an upstream
 * in the registry for as long as it lives.
 */
export class UpstreamServer {
  private readonly options: UpstreamServerOptions
  private readonly registry: EndpointRegistry
  private readonly logger: Logger
  private readonly requests: Counter
  private readonly declined: Counter
  private readonly acceptor: WebSocketAcceptor
  private readonly http: Server
  private readonly exceeded: ExceededLimits
  private readonly tunnels: TunnelLimits
  private readonly sessionConfig: ListenerSessionConfig
  readonly sessions: ListenerSessions
  private leaving = false

  constructor(options: UpstreamServerOptions) {
    const { security, registry, placement, logger, metrics, limits, exceeded } = options
    this.options = options
    this.registry = registry
    this.logger = logger
    this.sessions = new ListenerSessions(metrics)
    this.requests = metrics.counter(
      'piko_upstreams_upstream_requests_total',
      'Requests and connections handed to upstreams of this node.',
    )
    this.declined = metrics.counter(
      'piko_upstreams_declined_total',
      'Requests and connections that upstreams of this node could not hand to their service.',
    )
    metrics.gauge(
      'piko_upstreams_connected_upstreams',
      'Upstreams connected to this node.',
      () => registry.upstreamCount,
    )
    metrics.gauge(
      'piko_upstreams_open_streams',
      'Requests and connections under way on the tunnels of this node.',
      () => this.sessions.streamCount,
    )
    metrics.gauge(
      'piko_upstreams_registered_endpoints',
      'Endpoints with an upstream on this node.',
      () => registry.endpointCount,
    )
    this.exceeded = exceeded
    this.tunnels = new TunnelLimits({
      ...limits,
      exceeded: (limit, address) => exceeded.note(`upstream.limits.${limit}`, address),
    })
    this.sessionConfig = listenerSessionConfig(limits, options.budget, options.windowBytes)
    this.acceptor = new WebSocketAcceptor(
      DEFAULT_WEBSOCKET_KIND,
      () => placement.fields(),
      limits.maxMessageBytes,
    )
    this.http = this.createHttpServer(limits.handshakeTimeoutMs, security)
    options.guard.watch(this.http)
  }

  async listen(address: HostPort): Promise<HostPort> {
    return listen(this.http, address, 'upstream')
  }

  /** Listeners that dial are told to come again later (503); those that are here stay. */
  leave(): void {
    this.leaving = true
  }

  /** Sends the listeners to other nodes. Resolves when all tunnels are done. */
  async drain(options: DrainOptions): Promise<void> {
    this.leave()
    await this.sessions.drain(options)
  }

  /** Ends every tunnel, and cuts what is still on it. */
  async close(): Promise<void> {
    this.leave()
    this.sessions.end()
    const closed = closeServer(this.http)
    // Not the tunnels, which node:http has let go of, but who is still asking for one.
    this.http.closeAllConnections()
    this.options.guard.close()
    await closed
  }

  private createHttpServer(handshakeTimeoutMs: number, security?: PortSecurity): Server {
    const server = createHttpPort(
      {
        headersTimeout: handshakeTimeoutMs,
        requestTimeout: handshakeTimeoutMs,
        connectionsCheckingInterval: CONNECTION_CHECK_MS,
      },
      security,
    )
    server.on('request', (request, response) => this.refuseRequest(request, response))
    server.on('upgrade', (request, socket, head) => {
      this.upgrade(request, socket as Socket, head)
    })
    onClientError(server, {
      refuse: (error, socket) => this.refuseHandshake(error, socket),
      endless: (socket) => this.options.guard.ban(peerAddress(socket)),
    })
    return server
  }

  private upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    // While a token is verified nobody else listens.
    socket.on('error', () => socket.destroy())
    void whenKnown(this.admit(request), (admitted) => {
      if (socket.destroyed) return
      if ('error' in admitted) writeUpgradeError(socket, admitted)
      else this.open(request, { socket, head, ...admitted })
    })
  }

  /** Which endpoint a listener may register for, or why it may not. */
  private admit(
    request: IncomingMessage,
  ): Admitted | UpstreamError | Promise<Admitted | UpstreamError> {
    const endpointId = endpointOf(request.url as string)
    if (typeof endpointId !== 'string') return endpointId
    const { gate } = this.options
    return whenKnown(gate.admit(findCredentials(request.rawHeaders)), (admission) => {
      if ('refused' in admission) return REFUSALS[admission.refused]
      const { grant } = admission
      if (grant === undefined || allows(grant, 'listen', endpointId)) {
        return { endpointId, admission }
      }
      return REFUSALS[gate.refuse({ refused: 'endpoint-not-permitted' }).refused]
    })
  }

  private open(
    request: IncomingMessage,
    { socket, head, endpointId, admission }: Admitted & { socket: Socket; head: Buffer },
  ): void {
    if (this.leaving) return writeUpgradeError(socket, { status: 503, error: 'node is leaving' })
    const isAvoided = this.options.placement.isAvoided(request.headers)
    if (isAvoided && !this.sessions.isRenewing(this.routedName(admission.tenantId, endpointId))) {
      return writeUpgradeError(socket, { status: 503, error: 'the listener avoids this node' })
    }
    const refusal = this.tunnels.refusal(peerAddress(request.socket))
    if (refusal !== undefined) return writeUpgradeError(socket, refusal)
    const { tenantId } = admission
    const release = this.options.quotas.openTunnel(tenantId, endpointId)
    if (typeof release === 'string') {
      return writeUpgradeError(socket, { status: 429, error: `too many ${release} of the tenant` })
    }
    socket.once('close', release)
    const facts = {
      endpointId,
      tenantId,
      expiresAtMs: this.options.gate.expiryOf(admission),
      // Asked for before the handshake: a socket that dies meanwhile has no address any more.
      clientIp: peerAddress(request.socket),
      clientPort: request.socket.remotePort ?? 0,
      movesFirst: request.headers[CLIENT_HEADER] !== undefined,
      isAlone: this.options.placement.isAlone,
      release,
    }
    this.acceptor.accept(request, socket, head, (transport) => this.connected(transport, facts))
  }

  private connected(
    transport: Transport,
    { endpointId, tenantId, clientIp, clientPort, movesFirst, ...facts }: ListenerFacts,
  ): void {
    const { runtime, graceMs, exceeded, guard } = this.options
    const ended = this.tunnels.opened(clientIp)
    const about = {
      'endpoint-id': endpointId,
      'client-ip': clientIp,
      ...(tenantId !== '' && { 'tenant-id': tenantId }),
    }
    const routed = this.routedName(tenantId, endpointId)
    const session = new ListenerSession(
      transport,
      {
        leaving: () => remove(),
        gaveUp: (error) => noteSessionLimit(exceeded, error, clientIp),
        full: () => exceeded.note('upstream.limits.max_streams_per_tunnel', clientIp),
        declined: () => {
          this.declined.inc()
          this.registry.declined(session)
        },
        closed: (error) => {
          ended()
          remove()
          noteSessionLimit(exceeded, error, clientIp)
          if (error.code === 'flood') guard.ban(clientIp)
          expiry.stop()
          this.sessions.remove(session)
          this.logger.info('upstream disconnected', { ...about, reason: error.code })
        },
      },
      {
        runtime,
        requests: this.requests,
        remoteAddress: formatHostPort({ host: clientIp, port: clientPort }),
        endpointId: routed,
        movesFirst,
        config: this.sessionConfig,
      },
    )
    const expiry = new TokenExpiry(facts.expiresAtMs, {
      expiring: () => {
        // Its successor comes before it goes, and must not find the place taken.
        if (movesFirst) facts.release()
        this.sessions.renew(session)
      },
      expired: () => {
        this.logger.info('upstream token expired', about)
        session.expire(graceMs)
      },
    })
    const remove = this.registry.add(routed, session)
    this.sessions.add(session, facts.isAlone && movesFirst)
    this.logger.info('upstream connected', about)
  }

  private routedName(tenantId: string, endpointId: string): string {
    return routedName(this.options.tenantNamespaces ? tenantId : '', endpointId)
  }

  /** What is no request, or none in time. */
  private refuseHandshake(error: Error, socket: Socket): void {
    if (errorCode(error) === HEAD_TIMEOUT) {
      this.exceeded.note('upstream.limits.handshake_timeout', peerAddress(socket))
    }
    const isFlooding = this.options.guard.isFlooding(error, socket)
    if (socket.writable && !isFlooding) writeUpgradeError(socket, handshakeError(error))
    else socket.destroy()
  }

  /** Plain requests have nothing to do here; say what the port is for. */
  private refuseRequest(request: IncomingMessage, response: ServerResponse): void {
    void whenKnown(this.admit(request), (admitted) => {
      const error = { status: 426, error: 'listeners connect with a WebSocket' }
      writeRequestError(response, 'error' in admitted ? admitted : error)
    })
  }
}

/** The endpoint that the path names, percent-decoded; else why there is none. */
function endpointOf(url: string): string | UpstreamError {
  const segment = LISTENER_ROUTE.exec(url)?.[1]
  if (segment === undefined) return { status: 404, error: 'not found' }
  try {
    const endpointId = decodeURIComponent(segment)
    if (Buffer.byteLength(endpointId) > ENDPOINT_ID_BYTES_MAX) {
      return { status: 400, error: `endpoint id is longer than ${ENDPOINT_ID_BYTES_MAX} bytes` }
    }
    if (isEndpointId(endpointId)) return endpointId
    return { status: 400, error: 'endpoint id has control characters' }
  } catch {
    return { status: 400, error: 'endpoint id is not valid percent-encoding' }
  }
}
