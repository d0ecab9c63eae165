import { spliceStreams } from '../../net/stream-splice.ts'
import type { YamuxError } from '../../yamux/errors.ts'
import type { Stream, StreamHandler } from '../../yamux/session.ts'
import type { EndpointRegistry } from '../upstream/endpoint-registry.ts'
import type { CarriedKind } from '../upstream/upstream.ts'
import { decodePreamble, PREAMBLE_BYTES_MAX, RelayVerdict } from './preamble.ts'
import type { RelayPreamble } from './preamble.ts'

/** How often another local upstream is tried, when one takes no more just now. */
const PICKS_MAX = 8

/**
 * A request that another node relays to this one, the owner of its endpoint. It goes to a local
 * upstream or back; it is never relayed again (at most one hop).
 *
 *     relay ── preamble ──▶ pick ── request bytes ──▶ tunnel
 *     relay ◀─ verdict ◀─ first byte or refusal ◀──── tunnel      then spliced
 */
export class RelayedRequest implements StreamHandler {
  private readonly relay: Stream
  private readonly upstreams: EndpointRegistry
  private held = Buffer.alloc(0)

  constructor(relay: Stream, upstreams: EndpointRegistry) {
    this.relay = relay
    this.upstreams = upstreams
    relay.attach(this)
  }

  data(bytes: Uint8Array): void {
    this.held = Buffer.concat([this.held, bytes])
    const progress = decodePreamble(this.held)
    if (progress.kind === 'preamble') {
      this.relay.consumed(progress.byteLength)
      this.handOver(progress.preamble, this.held.subarray(progress.byteLength))
    } else if (progress.kind === 'violation' || this.held.length > PREAMBLE_BYTES_MAX) {
      this.relay.reset()
    }
  }

  end(): void {
    this.relay.reset()
  }

  drain(): void {
    // Nothing was written yet.
  }

  reset(): void {
    // Nothing was begun yet.
  }

  private handOver({ endpointId, kind }: RelayPreamble, request: Uint8Array): void {
    for (let picks = 0; picks < PICKS_MAX; picks++) {
      const upstream = this.upstreams.pick(endpointId) ?? this.upstreams.pickSuspended(endpointId)
      if (upstream === undefined) break
      const hasSibling = (): boolean => this.upstreams.pick(endpointId) !== undefined
      const answer = new FirstAnswer(this.relay, { kind, hasSibling })
      const tunnel = upstream.open(answer)
      if (tunnel !== undefined) return answer.join(tunnel, request)
    }
    refuse(this.relay, RelayVerdict.refused)
  }
}

/**
 * Waits for what settles the verdict, while the request's bytes flow already: the first byte of an
 * upstream's answer, or that it took the stream of a connection, whose client is waiting to hear
 * just that. From then on the splice hears the tunnel by itself.
 */
class FirstAnswer implements StreamHandler {
  private readonly relay: Stream
  private readonly kind: CarriedKind
  private readonly hasSibling: () => boolean
  private joined: { readonly tunnel: Stream; readonly fromTunnel: StreamHandler } | undefined

  /** `hasSibling`: whether another upstream of this node may reach its service. */
  constructor(
    relay: Stream,
    { kind, hasSibling }: { readonly kind: CarriedKind; readonly hasSibling: () => boolean },
  ) {
    this.relay = relay
    this.kind = kind
    this.hasSibling = hasSibling
  }

  join(tunnel: Stream, request: Uint8Array): void {
    const { fromA, fromB } = spliceStreams(this.relay, tunnel)
    this.joined = { tunnel, fromTunnel: fromB }
    tunnel.attach(this)
    if (request.length > 0) fromA.data(request)
    if (this.kind === 'connection') tunnel.flushOpen()
  }

  opened(): void {
    if (this.kind === 'connection') this.taken()
  }

  data(bytes: Uint8Array): void {
    this.taken()
    this.joined?.fromTunnel.data(bytes)
  }

  end(): void {
    this.joined?.fromTunnel.end()
  }

  drain(): void {
    this.joined?.fromTunnel.drain()
  }

  reset(error: YamuxError): void {
    const { refused, sibling, declined } = RelayVerdict
    if (error.code === 'refused') refuse(this.relay, refused)
    else if (error.code === 'declined') refuse(this.relay, this.hasSibling() ? sibling : declined)
    else this.relay.reset()
  }

  private taken(): void {
    this.relay.write(Uint8Array.of(RelayVerdict.taken))
    this.joined?.tunnel.attach(this.joined.fromTunnel)
  }
}

/** Says that nobody has acted on the request. */
function refuse(relay: Stream, verdict: RelayVerdict): void {
  // The rest of it may be on its way already.
  relay.attach(DISREGARD)
  relay.write(Uint8Array.of(verdict))
  relay.end()
}

/** Hears a refused request out; the other node resets it when it has read the verdict. */
const DISREGARD: StreamHandler = { data() {}, end() {}, drain() {}, reset() {} }
