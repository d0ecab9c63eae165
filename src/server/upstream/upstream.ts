import type { Stream, StreamHandler } from '../../yamux/session.ts'

/** Something that a request can be handed to: a tunnel to a listener, or a node that has one. */
export interface Upstream {
  /** Whether it takes requests now. */
  readonly canOpen: boolean
  /** Opens a stream for one request or connection; undefined when it takes no more. */
  open(handler: StreamHandler): Stream | undefined
}

/** An upstream that is connected to this node. */
export interface LocalUpstream extends Upstream {
  /** Where its tunnel comes from: an address and a port. */
  readonly remoteAddress: string
  /** Requests and connections under way on it. */
  readonly streamCount: number
}

/**
 * A request is answered by its upstream, or not; a connection is bytes both ways, and whoever
 * accepted it may say nothing for hours.
 */
export type CarriedKind = 'request' | 'connection'

/** What is known of a request when an upstream is sought for it. */
export interface RouteRequest {
  readonly endpointId: string
  readonly clientAddress: string
  readonly kind: CarriedKind
  /** Nodes that were tried already. */
  readonly triedNodes: Set<string>
  /** One could not reach its service: only upstreams are sought that are not known for that. */
  soundOnly?: boolean
}
