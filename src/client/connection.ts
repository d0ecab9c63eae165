import type { Stream } from '../yamux/session.ts'
import { StreamDuplex } from './stream-duplex.ts'
import type { StreamDuplexOptions } from './stream-duplex.ts'

export interface ConnectionOptions extends StreamDuplexOptions {
  readonly endpoint: string
  readonly id: string
}

/**
 * A connection that a listener accepted: a request with its answer, or a TCP connection. Who is at
 * the other end is not known here, for the tunnel carries no addresses; a request says it in its
 * `X-Forwarded-For` (see `describeRequest`). One that breaks off emits 'error' before 'close', and
 * unlike other errors nobody has to hear it.
 */
export class Connection extends StreamDuplex {
  /** The endpoint that the client asked for. */
  readonly endpoint: string
  /** Different for every connection of its listener. For logs. */
  readonly id: string

  constructor(stream: Stream, { endpoint, id, ...options }: ConnectionOptions) {
    super(stream, options)
    this.endpoint = endpoint
    this.id = id
    // Clients break off when they like, and must not end a program that did not expect it.
    this.on('error', () => {})
  }
}
