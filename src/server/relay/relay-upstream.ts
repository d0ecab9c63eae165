import { YamuxError } from '../../yamux/errors.ts'
import type { Stream, StreamHandler } from '../../yamux/session.ts'
import type { MuxConn } from '../../net/mux-conn.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { encodePreamble, RelayVerdict } from './preamble.ts'
import type { RelayPreamble } from './preamble.ts'

/** Told that an upstream of the node cannot reach its service; whether the node has others. */
export type Declined = (hasSibling: boolean) => void

/** A node that owns the endpoint, as an upstream: the request goes to it on the relay session. */
export class RelayUpstream implements Upstream {
  private readonly conn: MuxConn
  private readonly preamble: RelayPreamble
  private readonly declined: Declined

  constructor(conn: MuxConn, preamble: RelayPreamble, declined: Declined) {
    this.conn = conn
    this.preamble = preamble
    this.declined = declined
  }

  get canOpen(): boolean {
    return this.conn.session.canOpen
  }

  open(handler: StreamHandler): Stream | undefined {
    const answer = new RelayedAnswer(handler, this.declined)
    const stream = this.conn.open(answer)
    if (stream === undefined) return undefined
    answer.stream = stream
    stream.write(encodePreamble(this.preamble))
    return stream
  }
}

/** Takes the verdict off the front of a relayed answer, then gets out of the way. */
class RelayedAnswer implements StreamHandler {
  private readonly handler: StreamHandler
  private readonly declined: Declined
  stream: Stream | undefined

  constructor(handler: StreamHandler, declined: Declined) {
    this.handler = handler
    this.declined = declined
  }

  data(bytes: Uint8Array): void {
    const stream = this.stream as Stream
    stream.attach(this.handler)
    stream.consumed(1)
    if (bytes[0] !== RelayVerdict.taken) return this.refused(stream, bytes[0])
    this.handler.opened?.()
    if (bytes.length > 1) this.handler.data(bytes.subarray(1))
  }

  end(): void {
    this.handler.end()
  }

  drain(): void {
    this.handler.drain()
  }

  reset(error: YamuxError): void {
    this.handler.reset(error)
  }

  /** Nobody has acted on the request: it may be tried elsewhere, whatever it was. */
  private refused(stream: Stream, verdict: number | undefined): void {
    stream.reset()
    const hasSibling = verdict === RelayVerdict.sibling
    const isDeclined = hasSibling || verdict === RelayVerdict.declined
    if (isDeclined) this.declined(hasSibling)
    this.handler.reset(
      isDeclined
        ? new YamuxError('declined')
        : new YamuxError('refused', 'the node has no upstream for the endpoint'),
    )
  }
}
