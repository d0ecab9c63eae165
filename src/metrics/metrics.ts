import { collectDefaultMetrics, Registry } from 'prom-client'
import type { Metric } from 'prom-client'
import { Counter } from './counter.ts'
import { Family } from './family.ts'
import { Histogram } from './histogram.ts'

interface Sample {
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
  readonly metricName?: string
}

/** What a gauge reads at scrape time: one value, or one per label. */
export type GaugeReading = number | readonly Sample[]

/**
 * The metrics of one program. What is counted are plain numbers; names, labels and text come into
 * being when Prometheus asks.
 */
export class Metrics {
  private readonly registry = new Registry()

  /** Adds the process's own figures: memory, CPU, event loop, collections. */
  withProcessMetrics(): this {
    collectDefaultMetrics({ register: this.registry })
    return this
  }

  counter(name: string, help: string): Counter {
    const counter = new Counter()
    this.register(name, help, 'counter', () => [{ labels: {}, value: counter.value }])
    return counter
  }

  /** A counter that somebody else keeps. */
  counterOf(name: string, help: string, read: () => number): void {
    this.register(name, help, 'counter', () => [{ labels: {}, value: read() }])
  }

  counterFamily(name: string, help: string, labelNames: readonly string[]): Family<Counter> {
    return this.counterFamilyOf(name, help, { labelNames, make: () => new Counter() })
  }

  /** Counters whose members keep their own value. */
  counterFamilyOf<Member extends { readonly value: number }>(
    name: string,
    help: string,
    { labelNames, make }: { labelNames: readonly string[]; make: () => Member },
  ): Family<Member> {
    return this.valueFamily(name, help, 'counter', new Family(labelNames, make))
  }

  histogramFamily(
    name: string,
    help: string,
    { labelNames, bounds }: { labelNames: readonly string[]; bounds: readonly number[] },
  ): Family<Histogram> {
    const family = new Family(labelNames, () => new Histogram(bounds))
    this.register(name, help, 'histogram', () =>
      Array.from(family.entries()).flatMap(({ labels, member }) => samples(name, labels, member)),
    )
    return family
  }

  /** Gauges whose members keep their own value. */
  gaugeFamily<Member extends { readonly value: number }>(
    name: string,
    help: string,
    { labelNames, make }: { labelNames: readonly string[]; make: () => Member },
  ): Family<Member> {
    return this.valueFamily(name, help, 'gauge', new Family(labelNames, make))
  }

  gauge(name: string, help: string, read: () => GaugeReading): void {
    this.register(name, help, 'gauge', () => {
      const reading = read()
      return typeof reading === 'number' ? [{ labels: {}, value: reading }] : reading
    })
  }

  get contentType(): string {
    return this.registry.contentType
  }

  /** Everything in Prometheus' text format. */
  async text(): Promise<string> {
    return this.registry.metrics()
  }

  private valueFamily<Member extends { readonly value: number }>(
    name: string,
    help: string,
    type: string,
    family: Family<Member>,
  ): Family<Member> {
    this.register(name, help, type, () =>
      Array.from(family.entries(), ({ labels, member }) => ({ labels, value: member.value })),
    )
    return family
  }

  private register(name: string, help: string, type: string, read: () => readonly Sample[]): void {
    const metric = {
      name,
      help,
      type,
      aggregator: 'sum',
      get: () => ({ name, help, type, values: read() }),
    }
    // The registry asks its metrics for `name` and `get` only; its type wants the library's
    // classes.
    this.registry.registerMetric(metric as unknown as Metric)
  }
}

/** The cumulative series that Prometheus expects of a histogram. */
function samples(
  name: string,
  labels: Readonly<Record<string, string>>,
  { bounds, counts, sum }: Histogram,
): Sample[] {
  let below = 0
  const buckets = Array.from(counts, (count, i) => {
    below += count
    const le = bounds[i] ?? '+Inf'
    return { labels: { ...labels, le }, value: below, metricName: `${name}_bucket` }
  })
  return [
    ...buckets,
    { labels, value: sum, metricName: `${name}_sum` },
    { labels, value: below, metricName: `${name}_count` },
  ]
}
