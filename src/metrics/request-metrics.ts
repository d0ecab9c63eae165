import { METHODS } from 'node:http'
import type { Counter } from './counter.ts'
import type { Family } from './family.ts'
import { LATENCY_BUCKETS, SIZE_BUCKETS } from './histogram.ts'
import type { Histogram } from './histogram.ts'
import type { Metrics } from './metrics.ts'

/** A finished request, as far as it is counted. */
export interface CountedRequest {
  readonly method: string
  readonly status: number
  readonly durationMs: number
  /** Bytes of the bodies. */
  readonly requestBytes: number
  readonly responseBytes: number
}

const KNOWN_METHODS: ReadonlySet<string> = new Set(METHODS)

/** Of methods that nobody knows: who makes them up would make up metrics. */
const OTHER_METHOD = 'other'

interface Families {
  readonly inFlight: Family<InFlight>
  readonly requests: Family<Counter>
  readonly latency: Family<Histogram>
  readonly requestSize: Family<Histogram>
  readonly responseSize: Family<Histogram>
}

/** Where requests with the same method and status are counted. */
interface Outcome {
  readonly requests: Counter
  readonly latency: Histogram
}

/** Requests of one scope that have begun and not ended. */
class InFlight {
  value = 0
}

/**
 * The five metrics that a program keeps of the requests it carries; names and buckets are the
 * deployed Piko's. The proxy has one scope, the agent one per endpoint.
 */
export class RequestMetrics {
  private readonly families: Families

  /**
   * `prefix` is `piko_proxy` or `piko_agent`; `scopeNames` are the labels that tell scopes apart.
   */
  constructor(metrics: Metrics, prefix: string, scopeNames: readonly string[] = []) {
    const byStatus = [...scopeNames, 'status', 'method']
    const sizes = { labelNames: scopeNames, bounds: SIZE_BUCKETS }
    this.families = {
      inFlight: metrics.gaugeFamily(`${prefix}_requests_in_flight`, 'Requests currently handled.', {
        labelNames: scopeNames,
        make: () => new InFlight(),
      }),
      requests: metrics.counterFamily(`${prefix}_requests_total`, 'Total requests.', byStatus),
      latency: metrics.histogramFamily(
        `${prefix}_request_latency_seconds`,
        'Request latency, up to the last byte of the response.',
        { labelNames: byStatus, bounds: LATENCY_BUCKETS },
      ),
      requestSize: metrics.histogramFamily(
        `${prefix}_request_size_bytes`,
        'Request body size.',
        sizes,
      ),
      responseSize: metrics.histogramFamily(
        `${prefix}_response_size_bytes`,
        'Response body size.',
        sizes,
      ),
    }
  }

  /** The counters of the scope with these label values. */
  scope(...labels: readonly string[]): RequestCounters {
    return new RequestCounters(this.families, labels)
  }
}

/** Counts the requests of one scope. */
export class RequestCounters {
  private readonly families: Families
  private readonly labels: readonly string[]
  /** By method, then status: found without making a string. */
  private readonly outcomes = new Map<string, Map<number, Outcome>>()
  private readonly inFlight: InFlight
  private readonly requestSize: Histogram
  private readonly responseSize: Histogram

  constructor(families: Families, labels: readonly string[]) {
    this.families = families
    this.labels = labels
    this.inFlight = families.inFlight.with(...labels)
    this.requestSize = families.requestSize.with(...labels)
    this.responseSize = families.responseSize.with(...labels)
  }

  started(): void {
    this.inFlight.value += 1
  }

  finished(request: CountedRequest): void {
    const { requests, latency } = this.outcome(request.method, request.status)
    this.inFlight.value -= 1
    requests.inc()
    latency.observe(request.durationMs / 1_000)
    this.requestSize.observe(request.requestBytes)
    this.responseSize.observe(request.responseBytes)
  }

  private outcome(method: string, status: number): Outcome {
    const label = KNOWN_METHODS.has(method) ? method : OTHER_METHOD
    let byStatus = this.outcomes.get(label)
    if (byStatus === undefined) this.outcomes.set(label, (byStatus = new Map()))
    let outcome = byStatus.get(status)
    if (outcome === undefined) {
      const labels = [...this.labels, String(status), label]
      const { requests, latency } = this.families
      outcome = { requests: requests.with(...labels), latency: latency.with(...labels) }
      byStatus.set(status, outcome)
    }
    return outcome
  }
}
