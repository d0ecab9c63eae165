import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { ConnectionCounters, CountedConnection } from '../../metrics/connection-metrics.ts'
import { peerAddress } from '../../net/peer-address.ts'
import { handshakeRefusal, refuseHandshake, WebSocketAcceptor } from '../../net/websocket-accept.ts'
import { HALF_CLOSE_FIELD } from '../../net/websocket-stream.ts'
import { writeUpgradeError } from '../upstream/upstream-errors.ts'
import type { UpstreamError } from '../upstream/upstream-errors.ts'
import type { Admitted, Decision } from './admittance.ts'
import type { ClientConnections } from './client-connections.ts'
import type { RequestJournal } from './request-journal.ts'
import { Route } from './route.ts'
import type { RetryLimit, UpstreamSource } from './route.ts'
import { TcpExchange } from './tcp-exchange.ts'

export interface TcpRouteOptions {
  readonly upstreams: UpstreamSource
  readonly retries: RetryLimit
  readonly connections: ClientConnections
  readonly journal: RequestJournal
  readonly counters: ConnectionCounters
}

/** A client's request for a TCP connection, as node:http hands it over. */
export interface TcpRequest {
  readonly request: IncomingMessage
  readonly socket: Socket
  readonly early: Buffer
  readonly decision: Decision
  /** How long the search for an upstream may take; 0 = for ever. */
  readonly timeoutMs: number
}

/** What became of one. */
interface TcpOutcome extends CountedConnection {
  readonly status: number
  readonly attempts: number
}

/**
 * The proxy port's route for TCP connections: a WebSocket whose messages are the bytes. Each is
 * routed as a request would be, and carried by a TcpExchange.
 */
export class TcpRoute {
  private readonly options: TcpRouteOptions
  private readonly acceptor = new WebSocketAcceptor()
  private readonly halfCloseAcceptor = new WebSocketAcceptor(undefined, () => ({
    [HALF_CLOSE_FIELD]: 'true',
  }))

  constructor(options: TcpRouteOptions) {
    this.options = options
  }

  carry(asked: TcpRequest): void {
    const { decision, socket } = asked
    if (decision.answer !== undefined) {
      this.accountRefused(asked, decision.answer)
      return writeUpgradeError(socket, decision.answer)
    }
    const refusal = handshakeRefusal(asked.request)
    if (refusal === undefined) return this.route(asked, decision)
    decision.release()
    this.accountRefused(asked, refusal)
    refuseHandshake(socket, refusal)
  }

  private route(asked: TcpRequest, { edge, endpointId, release, rate }: Admitted): void {
    const { request, socket } = asked
    const { upstreams, connections, counters, retries } = this.options
    const finished = this.account(asked)
    connections.begin(socket, () => exchange.clientGone())
    const halfCloses = request.headers[HALF_CLOSE_FIELD] === 'true'
    const acceptor = halfCloses ? this.halfCloseAcceptor : this.acceptor
    const exchange: TcpExchange = new TcpExchange(socket, {
      ...asked,
      edge,
      halfCloses,
      accept: (early, opened) => acceptor.accept(request, socket, early, opened),
      retry: (error) => route.retry(error),
      connected: () => counters.opened(exchange),
      closed: () => {
        counters.closed(exchange)
        release()
        const { status, fromClientBytes, toClientBytes } = exchange
        finished({ status, fromClientBytes, toClientBytes, attempts: route.attempts })
      },
    })
    const route: Route = new Route(exchange, upstreams, {
      request: {
        endpointId,
        clientAddress: peerAddress(socket),
        kind: 'connection',
        triedNodes: new Set(),
      },
      head: '',
      retries,
      rate,
    })
    route.begin()
  }

  private accountRefused(asked: TcpRequest, { status }: Pick<UpstreamError, 'status'>): void {
    const nothing = { fromClientBytes: 0, toClientBytes: 0, attempts: 0 }
    this.account(asked)({ status, ...nothing })
  }

  private account({ request, decision: { edge } }: TcpRequest): (outcome: TcpOutcome) => void {
    const finished = this.options.journal.open()
    return ({ status, fromClientBytes, toClientBytes, attempts }) =>
      finished({
        edge,
        minorVersion: request.httpVersionMinor,
        status,
        responseFields: [],
        requestBytes: fromClientBytes,
        responseBytes: toClientBytes,
        attempts,
      })
  }
}
