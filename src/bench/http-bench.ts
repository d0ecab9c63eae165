import { ClientTls } from '../net/client-tls.ts'
import { MuxRuntime } from '../net/mux-conn.ts'
import { encodeLatin1 } from '../net/latin1.ts'
import { SocketPool } from '../net/socket-pool.ts'
import type { TurnFlush } from '../net/turn-flush.ts'
import type { Logger } from '../log/logger.ts'
import { CodedError } from '../std/errors.ts'
import { randomBelow } from '../std/prng.ts'
import { AnsweringUpstream } from './answering-upstream.ts'
import { BenchClient } from './bench-client.ts'
import type { BenchClientOptions } from './bench-client.ts'
import type { BenchReport } from './bench-report.ts'
import type { BenchHttpConfig } from './config.ts'
import { Tally } from './tally.ts'
import { waitUntil, within } from './within.ts'

/** `upstreams`: they cannot connect. `endpoints`: requests do not reach them. */
export type BenchErrorCode = 'upstreams' | 'endpoints'

export class BenchError extends CodedError<BenchErrorCode> {
  override readonly name = 'BenchError'
}

/** Longer than any server waits before it gives an answer of its own. */
const REQUEST_TIMEOUT_MS = 60_000

/**
 * `piko bench http`: upstreams and clients in one process, with whatever Piko serves between them.
 *
 *     client ─┐                                     ┌─ upstream
 *     client ─┼─ keep-alive ─▶ proxy-url ┊ upstream-url ─┼─ upstream
 *     client ─┘                                     └─ upstream
 */
export class HttpBench {
  private readonly config: BenchHttpConfig
  private readonly endpointIds: readonly string[]
  private readonly upstreams: readonly AnsweringUpstream[]
  private readonly pool: SocketPool
  private readonly body: string
  private readonly tally = new Tally()

  constructor(config: BenchHttpConfig, logger: Logger) {
    this.config = config
    this.body = 'x'.repeat(config.size)
    // An endpoint without an upstream would only measure errors.
    const endpointCount = Math.min(config.endpoints, config.upstreams)
    this.endpointIds = Array.from({ length: endpointCount }, (_, index) => `bench-${index}`)
    const runtime = new MuxRuntime()
    this.upstreams = this.createUpstreams(runtime, logger.child('upstream'))
    this.pool = createPool(config.connect.proxyUrl, runtime.turn)
  }

  /** Requests answered or failed until now. */
  get doneCount(): number {
    return this.tally.count
  }

  /**
   * Connects the upstreams, waits until requests reach every endpoint, and sends all requests.
   * Rejects with a BenchError when that cannot begin. An abort ends it early, with a report.
   */
  async run(signal: AbortSignal): Promise<BenchReport> {
    try {
      await this.connect()
      const startedMs = performance.now()
      await this.sendAll(this.config.requests, signal)
      return this.tally.report(performance.now() - startedMs)
    } finally {
      for (const upstream of this.upstreams) upstream.close()
      this.pool.close()
    }
  }

  private async connect(): Promise<void> {
    const { timeoutMs } = this.config.connect
    const deadlineMs = performance.now() + timeoutMs
    for (const upstream of this.upstreams) upstream.start()
    const connected = Promise.all(this.upstreams.map(async ({ ready }) => ready))
    await within(connected, timeoutMs).catch((late: unknown) => {
      const cause = this.upstreams.find(({ lastReason }) => lastReason)?.lastReason ?? late
      throw new BenchError('upstreams', 'the upstreams cannot connect', { cause })
    })
    // In a cluster every node has to hear of every endpoint before requests can arrive anywhere.
    const reached = this.endpointIds.map(async (endpointId) => {
      return waitUntil(async () => this.probe(endpointId), deadlineMs)
    })
    await Promise.all(reached).catch((cause: unknown) => {
      throw new BenchError('endpoints', 'requests do not reach the upstreams', { cause })
    })
  }

  /** Sends one request that does not count; the failure's kind if it failed. */
  private async probe(endpointId: string): Promise<string | undefined> {
    let result: string | undefined
    const requests = [this.requestTo(endpointId)]
    await new Promise<void>((finished) => {
      this.client({
        next: () => requests.pop(),
        answered: () => {},
        failed: (kind) => {
          result = kind
        },
        finished,
      }).send()
    })
    return result
  }

  private async sendAll(requestCount: number, signal: AbortSignal): Promise<void> {
    let left = requestCount
    const next = (): string | undefined => {
      if (left === 0 || signal.aborted) return undefined
      left -= 1
      const index = randomBelow(Math.random, this.endpointIds.length)
      return this.requestTo(this.endpointIds[index] as string)
    }
    const clients = Array.from({ length: this.config.clients }, async () => {
      return new Promise<void>((finished) => {
        const { tally } = this
        const answered = (durationMs: number): void => tally.answered(durationMs)
        this.client({ next, answered, failed: (kind) => tally.failed(kind), finished }).send()
      })
    })
    await Promise.all(clients)
  }

  private client(
    events: Pick<BenchClientOptions, 'next' | 'answered' | 'failed' | 'finished'>,
  ): BenchClient {
    const { pool, config } = this
    return new BenchClient({ pool, size: config.size, timeoutMs: REQUEST_TIMEOUT_MS, ...events })
  }

  private requestTo(endpointId: string): string {
    const { host } = new URL(this.config.connect.proxyUrl)
    const fields = `Host: ${host}\r\nX-Piko-Endpoint: ${endpointId}`
    const length = `Content-Length: ${this.body.length}`
    return `POST / HTTP/1.1\r\n${fields}\r\n${length}\r\n\r\n${this.body}`
  }

  private createUpstreams(runtime: MuxRuntime, logger: Logger): AnsweringUpstream[] {
    const { connect, upstreams } = this.config
    const answer = encodeLatin1(
      `HTTP/1.1 200 OK\r\nContent-Length: ${this.body.length}\r\n\r\n${this.body}`,
    )
    return Array.from({ length: upstreams }, (_, index) => {
      const endpointId = this.endpointIds[index % this.endpointIds.length] as string
      const options = {
        url: connect.upstreamUrl,
        endpointId,
        connectTimeoutMs: connect.timeoutMs,
        runtime,
      }
      return new AnsweringUpstream(options, answer, logger)
    })
  }
}

/** Sockets to where a URL points; clients keep theirs themselves. */
function createPool(proxyUrl: string, turn: TurnFlush): SocketPool {
  const { protocol, hostname, port } = new URL(proxyUrl)
  const isSecure = protocol === 'https:'
  const clientTls = new ClientTls()
  return new SocketPool({
    address: {
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: port === '' ? (isSecure ? 443 : 80) : Number(port),
    },
    tls: isSecure ? () => clientTls : undefined,
    idleMax: 0,
    idleTimeoutMs: 0,
    keepAliveMs: 30_000,
    turn,
  })
}
