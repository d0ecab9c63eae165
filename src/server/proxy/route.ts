import type { YamuxError } from '../../yamux/errors.ts'
import { ANSWERS } from '../../net/answer.ts'
import type { Answer } from '../../net/answer.ts'
import type { ByteRate } from '../upstream/byte-rate.ts'
import { PacedUpstream } from '../upstream/paced-upstream.ts'
import type { RouteRequest, Upstream } from '../upstream/upstream.ts'

/** Where upstreams come from. */
export interface UpstreamSource {
  /** An upstream for the request, on this node or another; undefined when there is none. */
  pick(request: RouteRequest): Upstream | undefined
  /** Whether somebody served the endpoint a moment ago, so that it is likely to be back soon. */
  vanishedRecently(endpointId: string): boolean
  /**
   * Calls `resume` once, when the endpoint is back or a moment has passed. False when too many wait
   * already.
   */
  hold(endpointId: string, resume: () => void): boolean
}

/** What limits how often requests are sent again. */
export interface RetryLimit {
  /** A request came. */
  earn(): void
  /** Whether a request may be sent once more. */
  grant(): boolean
}

/** What a routed request or connection can become. */
export interface Routable {
  /** Hands the request to an upstream. False when that takes no more. */
  start(upstream: Upstream, head: string): boolean
  answer(answer: Answer): void
}

export interface RouteOptions {
  readonly request: RouteRequest
  /** '' for a connection. */
  readonly head: string
  readonly retries: RetryLimit
  /** What the bytes of the request keep to; undefined without a limit. */
  readonly rate: ByteRate | undefined
}

/** Upstreams that one request is handed to, at most. */
const ATTEMPTS_MAX = 4

/** How often another one is picked, when the first takes no more just now. */
const PICKS_MAX = 8

/**
 * A request's search for an upstream:
 *
 *     begin ──▶ attempt ──started──▶ (failed untouched: retry ──▶ attempt)
 *                  └─nobody──▶ hold ──back, or too late──▶ attempt ──nobody──▶ 502
 */
export class Route {
  private readonly exchange: Routable
  private readonly upstreams: UpstreamSource
  private readonly request: RouteRequest
  private readonly head: string
  private readonly retries: RetryLimit
  private readonly rate: ByteRate | undefined
  /** How many upstreams have got the request. */
  attempts = 0
  private held = false

  constructor(
    exchange: Routable,
    upstreams: UpstreamSource,
    { request, head, retries, rate }: RouteOptions,
  ) {
    this.retries = retries
    this.rate = rate
    this.exchange = exchange
    this.upstreams = upstreams
    this.request = request
    this.head = head
  }

  begin(): void {
    this.retries.earn()
    if (this.attempt()) return
    const isWorthwhile = this.upstreams.vanishedRecently(this.request.endpointId)
    if (!isWorthwhile || !this.hold()) this.exchange.answer(ANSWERS.noUpstream)
  }

  /**
   * The upstream failed, and the request may be sent again. False when there is no other. One was
   * there just now, whatever is known of the endpoint: what replaces it may not be known yet. That
   * is no hope for one whose service cannot be reached.
   */
  retry({ code }: YamuxError): boolean {
    if (this.attempts >= ATTEMPTS_MAX) return false
    if (code === 'declined') {
      this.request.soundOnly = true
      return this.attempt()
    }
    return this.attempt() || this.hold()
  }

  private attempt(): boolean {
    const upstream = this.upstreams.pick(this.request)
    if (upstream === undefined || (this.attempts > 0 && !this.retries.grant())) return false
    return this.startWith(upstream)
  }

  private startWith(first: Upstream): boolean {
    let upstream: Upstream | undefined = first
    for (let picks = 0; picks < PICKS_MAX && upstream !== undefined; picks++) {
      if (this.exchange.start(this.paced(upstream), this.head)) {
        this.attempts += 1
        return true
      }
      upstream = this.upstreams.pick(this.request)
    }
    return false
  }

  private paced(upstream: Upstream): Upstream {
    return this.rate === undefined ? upstream : new PacedUpstream(upstream, this.rate)
  }

  /** Waits, once, for an endpoint that was there a moment ago. */
  private hold(): boolean {
    if (this.held) return false
    this.held = this.upstreams.hold(this.request.endpointId, () => {
      // What failed before may be back as well.
      this.request.triedNodes.clear()
      if (!this.attempt()) this.exchange.answer(ANSWERS.noUpstream)
    })
    return this.held
  }
}
