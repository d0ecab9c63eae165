import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { wantsUpgrade } from '../../http1/hop-by-hop.ts'
import {
  CONNECTION_CHECK_MS,
  connectionEvent,
  createHttpPort,
  onClientError,
} from '../../net/http-port.ts'
import type { PortSecurity } from '../../net/http-port.ts'
import { listen } from '../../net/listen.ts'
import { NetworkSet } from '../../net/network-set.ts'
import { peerAddress } from '../../net/peer-address.ts'
import type { HostPort } from '../../std/host-port.ts'
import type { ProxyConfig } from '../config.ts'
import type { ConnectionCounters } from '../../metrics/connection-metrics.ts'
import type { ExceededLimits } from '../limits/exceeded-limits.ts'
import type { PortGuard } from '../limits/guard-port.ts'
import type { Heartbeat } from '../../net/heartbeat.ts'
import type { TurnFlush } from '../../net/turn-flush.ts'
import { UnderWay } from '../../net/under-way.ts'
import { writeRequestError } from '../upstream/upstream-errors.ts'
import { badRequest } from '../../net/answer.ts'
import type { Admittance, Decision } from './admittance.ts'
import { ClientConnections } from './client-connections.ts'
import { answerClientError, limitOf } from './client-errors.ts'
import { readEdgeRequest } from './edge-request.ts'
import type { EdgeRequest } from './edge-request.ts'
import { Exchange } from './exchange.ts'
import { forwardedHead } from './forwarded-head.ts'
import type { ClientInfo } from './forwarded-head.ts'
import { answerAndClose, refuseSocket } from './refusal.ts'
import type { RequestJournal } from './request-journal.ts'
import { Route } from './route.ts'
import type { RetryLimit, Routable, UpstreamSource } from './route.ts'
import { SlowBodies } from './slow-bodies.ts'
import type { BodyPace } from './slow-bodies.ts'
import { StalledReaders } from './stalled-readers.ts'
import { TcpRoute } from './tcp-route.ts'
import { UpgradeExchange } from './upgrade-exchange.ts'
import { withoutUpgrade } from './without-upgrade.ts'

export interface ProxyServerOptions {
  readonly config: ProxyConfig
  /** The port speaks TLS. */
  readonly security?: PortSecurity | undefined
  readonly upstreams: UpstreamSource
  readonly retries: RetryLimit
  readonly admittance: Admittance
  readonly journal: RequestJournal
  readonly tcpCounters: ConnectionCounters
  readonly turn: TurnFlush
  readonly heartbeat: Heartbeat
  readonly guard: PortGuard
  readonly exceeded: ExceededLimits
}

/** A request to speak another protocol, what the client sent behind it, and whether it may. */
interface AskedUpgrade {
  readonly decision: Decision
  readonly early: Buffer
  readonly upgrade: string
}

function bodyPace({ http: { readTimeoutMs, minBodyRate } }: ProxyConfig): BodyPace {
  return { idleMs: readTimeoutMs, minRate: minBodyRate }
}

/**
 * The proxy port. node:http reads the requests; each is checked, routed by its endpoint and carried
 * by an Exchange, or by an UpgradeExchange when it asks for another protocol.
 */
export class ProxyServer {
  private config: ProxyConfig
  private readonly security: PortSecurity | undefined
  private readonly upstreams: UpstreamSource
  private readonly retries: RetryLimit
  private readonly admittance: Admittance
  private readonly journal: RequestJournal
  private readonly turn: TurnFlush
  private trusted: NetworkSet
  private readonly exceeded: ExceededLimits
  private readonly guard: PortGuard
  private readonly slowBodies: SlowBodies
  private readonly stalledReaders: StalledReaders
  private readonly stopTicking: () => void
  private readonly http: Server
  private readonly connections = new ClientConnections()
  private readonly exchanges = new UnderWay<Exchange>()
  private readonly tcp: TcpRoute
  private leaving = false

  constructor(options: ProxyServerOptions) {
    const { config, security, upstreams, retries, journal, turn, exceeded, guard } = options
    const { admittance, tcpCounters } = options
    this.retries = retries
    this.config = config
    this.security = security
    this.upstreams = upstreams
    this.admittance = admittance
    this.journal = journal
    this.turn = turn
    this.exceeded = exceeded
    this.guard = guard
    this.trusted = new NetworkSet(config.trustedProxies)
    this.slowBodies = new SlowBodies({
      ...bodyPace(config),
      exceeded: (limit) => exceeded.note(`proxy.http.${limit}`),
    })
    this.stalledReaders = new StalledReaders({
      connections: this.connections,
      timeoutMs: config.http.writeTimeoutMs,
      exceeded: () => exceeded.note('proxy.http.write_timeout'),
    })
    const stops = [this.slowBodies, this.stalledReaders].map((slow) => options.heartbeat.add(slow))
    this.stopTicking = () => stops.forEach((stop) => stop())
    this.tcp = new TcpRoute({
      upstreams,
      retries,
      connections: this.connections,
      journal,
      counters: tcpCounters,
    })
    this.http = this.createHttpServer()
    guard.watch(this.http)
  }

  async listen(address: HostPort): Promise<HostPort> {
    return listen(this.http, address, 'proxy')
  }

  /** Requests that come from now on follow these settings; connections stay. */
  reload(config: ProxyConfig): void {
    this.config = config
    this.trusted = new NetworkSet(config.trustedProxies)
    this.journal.configure(config.accessLog)
    this.slowBodies.configure(bodyPace(config))
    this.stalledReaders.configure(config.http.writeTimeoutMs)
    this.http.headersTimeout = config.http.readHeaderTimeoutMs
    this.http.keepAliveTimeout = config.http.idleTimeoutMs
  }

  /** Requests and upgraded connections under way. */
  get requestCount(): number {
    return this.connections.requestCount
  }

  /** Goes on serving, and says in every answer that its connection closes. */
  leave(): void {
    this.leaving = true
  }

  /** Takes no new connections; resolves when the requests under way are answered. */
  async drain(): Promise<void> {
    this.leave()
    await this.connections.drain(this.http, () => this.guard.close())
    this.stopTicking()
  }

  /** Cuts what is still open. */
  destroy(): void {
    this.guard.close()
    this.connections.destroy()
  }

  private createHttpServer(): Server {
    const { maxHeaderBytes, readHeaderTimeoutMs, idleTimeoutMs } = this.config.http
    const options = {
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: readHeaderTimeoutMs,
      // A total time for a request would cut long uploads.
      requestTimeout: 0,
      keepAliveTimeout: idleTimeoutMs,
      connectionsCheckingInterval: CONNECTION_CHECK_MS,
      // Checked with the other edge rules, which HTTP/1.0 without Host passes.
      requireHostHeader: false,
    }
    const server = createHttpPort(options, this.security)
    // node drops the fields above its maximum without a word: one more than may be is enough to
    // refuse them, and the rest of such a head takes no room.
    server.maxHeadersCount = this.config.http.maxHeaders + 1
    server.on(connectionEvent(this.security), (socket: Socket) => this.connections.add(socket))
    server.on('request', this.onRequest)
    // Whether the body may come is the upstream's to say: its 100 is passed on.
    server.on('checkContinue', this.onRequest)
    server.on('checkExpectation', this.onRequest)
    server.on('upgrade', this.onUpgrade)
    server.on('connect', (_request, socket: Socket) => {
      refuseSocket(socket, badRequest('CONNECT is not supported'))
    })
    onClientError(server, {
      refuse: (error, socket) => this.refuseUnread(error, socket),
      endless: (socket) => this.guard.ban(peerAddress(socket)),
    })
    return server
  }

  /** What is no request, or none in time. */
  private refuseUnread(error: Error, socket: Socket): void {
    const limit = limitOf(error)
    if (limit !== undefined) this.exceeded.note(limit, peerAddress(socket))
    if (this.guard.isFlooding(error, socket)) socket.destroy()
    else answerClientError(error, socket)
  }

  private readonly onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    // The last answer went out with Connection: close; behind it nothing counts (RFC 9112 §9.6).
    if (request.socket.writableEnded) return
    if (this.leaving) response.shouldKeepAlive = false
    const edge = readEdgeRequest(request, this.config.http.maxHeaders)
    if ('error' in edge) {
      this.refuse(request, edge.status)
      return answerAndClose(response, { ...edge, kind: 'request' })
    }
    if (edge.isTcp) {
      this.refuse(request, 426)
      return writeRequestError(response, {
        status: 426,
        error: 'connections are opened with a WebSocket',
      })
    }
    const decision = this.admittance.decide(edge)
    if (!(decision instanceof Promise)) return this.carry(request, response, decision)
    void this.onceDecided(request.socket, decision, (known) => this.carry(request, response, known))
  }

  /** Goes on when it is known whether the request may come in, if its connection is still there. */
  private async onceDecided(
    socket: Socket,
    decision: Promise<Decision>,
    goOn: (known: Decision) => void,
  ): Promise<void> {
    const over = this.connections.begin(socket, () => {})
    const known = await decision
    if (!socket.destroyed) goOn(known)
    else if (known.answer === undefined) known.release()
    over()
  }

  private carry(request: IncomingMessage, response: ServerResponse, decision: Decision): void {
    const { edge } = decision
    const finished = this.journal.open()
    const ended = this.connections.begin(request.socket, () => exchange.clientGone())
    const exchange = new Exchange(request, response, {
      edge,
      timeoutMs: this.config.timeoutMs,
      headBytesMax: this.config.http.maxHeaderBytes,
      turn: this.turn,
      slowBodies: this.slowBodies,
      retry: (error) => route?.retry(error) ?? false,
      closed: ({ response: { status, fields, byteCount }, requestBytes }) => {
        ended()
        decision.release?.()
        this.exchanges.remove(exchange)
        finished({
          edge,
          minorVersion: request.httpVersionMinor,
          status,
          responseFields: fields,
          requestBytes,
          responseBytes: byteCount,
          attempts: route?.attempts ?? 0,
        })
      },
    })
    this.exchanges.add(exchange)
    const route = this.routeFor(exchange, { decision, client: this.clientOf(request) })
    if (decision.answer !== undefined) exchange.answer(decision.answer)
    else route?.begin()
  }

  private readonly onUpgrade = (request: IncomingMessage, socket: Socket, early: Buffer): void => {
    // node:http lets go of the socket at once: an answer still under way on it is lost.
    if (this.connections.isBusy(socket)) {
      socket.destroy()
      return
    }
    const edge = readEdgeRequest(request, this.config.http.maxHeaders)
    if ('error' in edge) {
      this.refuse(request, edge.status)
      refuseSocket(socket, { ...edge, kind: 'request' })
      return
    }
    const upgrade = wantsUpgrade(edge.fields)
    if (upgrade === undefined || edge.body !== 'none') {
      socket.unshift(Buffer.concat([withoutUpgrade(request), early]))
      this.http.emit(connectionEvent(this.security), socket)
      return
    }
    const decision = this.admittance.decide(edge)
    const goOn = (known: Decision): void =>
      this.switchProtocols(request, socket, { decision: known, early, upgrade })
    if (!(decision instanceof Promise)) return goOn(decision)
    // Nobody else listens meanwhile; what the client sends waits in the socket.
    socket.on('error', () => socket.destroy())
    void this.onceDecided(socket, decision, goOn)
  }

  private switchProtocols(request: IncomingMessage, socket: Socket, asked: AskedUpgrade): void {
    const { timeoutMs } = this.config
    if (asked.decision.edge.isTcp) this.tcp.carry({ request, socket, timeoutMs, ...asked })
    else this.carryUpgrade(request, socket, asked)
  }

  private carryUpgrade(
    request: IncomingMessage,
    socket: Socket,
    { decision, ...asked }: AskedUpgrade,
  ): void {
    const { edge } = decision
    const client = this.clientOf(request)
    const finished = this.journal.open()
    this.connections.begin(socket, () => exchange.clientGone())
    const exchange = new UpgradeExchange(socket, {
      ...asked,
      edge,
      timeoutMs: this.config.timeoutMs,
      headBytesMax: this.config.http.maxHeaderBytes,
      retry: (error) => route?.retry(error) ?? false,
      closed: ({ status, fields }) => {
        decision.release?.()
        finished({
          edge,
          minorVersion: request.httpVersionMinor,
          status,
          responseFields: fields,
          requestBytes: socket.bytesRead,
          responseBytes: socket.bytesWritten,
          attempts: route?.attempts ?? 0,
        })
      },
    })
    const route = this.routeFor(exchange, { decision, client, upgrade: asked.upgrade })
    if (decision.answer !== undefined) exchange.answer(decision.answer)
    else route?.begin()
  }

  /** The exchange's way to an upstream of its endpoint; undefined when it is answered here. */
  private routeFor(
    exchange: Routable,
    { decision, client, upgrade }: { decision: Decision; client: ClientInfo; upgrade?: string },
  ): Route | undefined {
    const { edge } = decision
    if (decision.answer !== undefined) return undefined
    const { endpointId, rate } = decision
    const head = forwardedHead(edge, client, upgrade)
    const { address: clientAddress } = client
    const request = {
      endpointId,
      clientAddress,
      kind: 'request' as const,
      triedNodes: new Set<string>(),
    }
    return new Route(exchange, this.upstreams, { request, head, retries: this.retries, rate })
  }

  private clientOf(request: IncomingMessage): ClientInfo {
    const address = peerAddress(request.socket)
    return {
      address,
      scheme: this.security ? 'https' : 'http',
      trusted: this.trusted.includes(address),
    }
  }

  /** Accounts for a request that was not even routed. */
  private refuse(request: IncomingMessage, status: number): void {
    if (status === 431) this.exceeded.note('proxy.http.max_headers', peerAddress(request.socket))
    const { method = '', url = '', rawHeaders, httpVersionMinor } = request
    const edge: EdgeRequest = {
      method,
      target: url,
      host: request.headers.host ?? '',
      endpointId: undefined,
      isTcp: false,
      body: 'none',
      fields: rawHeaders,
    }
    this.journal.open()({
      edge,
      minorVersion: httpVersionMinor,
      status,
      responseFields: [],
      requestBytes: 0,
      responseBytes: 0,
      attempts: 0,
    })
  }
}
