import type { Counter } from './counter.ts'
import type { Family } from './family.ts'
import type { Metrics } from './metrics.ts'

/** A TCP connection that is open, as far as it is counted. Both numbers only grow. */
export interface CountedConnection {
  readonly fromClientBytes: number
  readonly toClientBytes: number
}

/** A number that somebody else keeps. */
class Reading {
  read: () => number = () => 0

  get value(): number {
    return this.read()
  }
}

interface Families {
  readonly inFlight: Family<Reading>
  readonly total: Family<Counter>
  readonly received: Family<Reading>
  readonly sent: Family<Reading>
}

/**
 * The metrics that a program keeps of the TCP connections it carries. Their bytes count while they
 * flow: a connection may live for days. The proxy has one scope, the agent one per endpoint.
 */
export class ConnectionMetrics {
  private readonly families: Families
  private readonly scopes = new Map<string, ConnectionCounters>()

  /** `prefix` is `piko_proxy` or `piko_agent`; `scopeNames` are labels that tell scopes apart. */
  constructor(metrics: Metrics, prefix: string, scopeNames: readonly string[] = []) {
    const readings = { labelNames: scopeNames, make: () => new Reading() }
    this.families = {
      inFlight: metrics.gaugeFamily(
        `${prefix}_tcp_connections_in_flight`,
        'TCP connections that are open.',
        readings,
      ),
      total: metrics.counterFamily(
        `${prefix}_tcp_connections_total`,
        'TCP connections that were opened.',
        scopeNames,
      ),
      received: metrics.counterFamilyOf(
        `${prefix}_tcp_received_bytes_total`,
        'Bytes that clients sent on TCP connections.',
        readings,
      ),
      sent: metrics.counterFamilyOf(
        `${prefix}_tcp_sent_bytes_total`,
        'Bytes that were sent to clients on TCP connections.',
        readings,
      ),
    }
  }

  /** The counters of the scope with these label values. */
  scope(...labels: readonly string[]): ConnectionCounters {
    const key = labels.join('\n')
    const known = this.scopes.get(key)
    if (known !== undefined) return known
    const counters = this.makeScope(labels)
    this.scopes.set(key, counters)
    return counters
  }

  private makeScope(labels: readonly string[]): ConnectionCounters {
    const { inFlight, total, received, sent } = this.families
    const counters = new ConnectionCounters(total.with(...labels))
    inFlight.with(...labels).read = () => counters.inFlight
    received.with(...labels).read = () => counters.bytes('fromClientBytes')
    sent.with(...labels).read = () => counters.bytes('toClientBytes')
    return counters
  }
}

/** Counts the connections of one scope. */
export class ConnectionCounters {
  private readonly total: Counter
  private readonly open = new Set<CountedConnection>()
  private readonly ended = { fromClientBytes: 0, toClientBytes: 0 }

  constructor(total: Counter) {
    this.total = total
  }

  get inFlight(): number {
    return this.open.size
  }

  bytes(direction: keyof CountedConnection): number {
    let sum = this.ended[direction]
    for (const connection of this.open) sum += connection[direction]
    return sum
  }

  opened(connection: CountedConnection): void {
    this.total.inc()
    this.open.add(connection)
  }

  /** Its numbers are final. */
  closed(connection: CountedConnection): void {
    if (!this.open.delete(connection)) return
    this.ended.fromClientBytes += connection.fromClientBytes
    this.ended.toClientBytes += connection.toClientBytes
  }
}
