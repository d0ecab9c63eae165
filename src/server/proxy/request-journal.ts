import type { Fields } from '../../http1/fields.ts'
import type { AccessLog, AccessLogOptions } from '../../log/access-log.ts'
import type { RequestCounters } from '../../metrics/request-metrics.ts'
import type { EdgeRequest } from './edge-request.ts'

/** What became of a request. */
export interface Outcome {
  readonly edge: EdgeRequest
  readonly minorVersion: number
  readonly status: number
  readonly responseFields: Readonly<Fields>
  readonly requestBytes: number
  readonly responseBytes: number
  /** How many upstreams got the request. */
  readonly attempts: number
}

/** Keeps account of requests: the metrics always, a line in the access log where that is wanted. */
export class RequestJournal {
  private readonly counters: RequestCounters
  private readonly accessLog: AccessLog

  constructor(counters: RequestCounters, accessLog: AccessLog) {
    this.counters = counters
    this.accessLog = accessLog
  }

  /** Requests that end from now on are logged like this. */
  configure(accessLog: AccessLogOptions): void {
    this.accessLog.configure(accessLog)
  }

  /** A request came. The returned call says how it went, once. */
  open(): (outcome: Outcome) => void {
    const startedMs = performance.now()
    this.counters.started()
    return (outcome) => this.finished(outcome, performance.now() - startedMs)
  }

  private finished(outcome: Outcome, durationMs: number): void {
    const { edge, status, requestBytes, responseBytes } = outcome
    this.counters.finished({ method: edge.method, status, durationMs, requestBytes, responseBytes })
    if (!this.accessLog.isEnabled(status)) return
    this.accessLog.write({
      proto: `HTTP/1.${outcome.minorVersion}`,
      method: edge.method,
      host: edge.host,
      target: edge.target,
      requestFields: edge.fields,
      responseFields: outcome.responseFields,
      status,
      durationMs,
      attempts: outcome.attempts,
    })
  }
}
