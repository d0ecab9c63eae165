import type { Logger } from '../log/logger.ts'
import type { Counter } from '../metrics/counter.ts'
import type { Family } from '../metrics/family.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { PortSecurity } from '../net/http-port.ts'
import { ServerTls } from '../net/server-tls.ts'
import type { ClientTls } from '../net/client-tls.ts'
import { ClientTlsFiles } from '../net/client-tls-files.ts'
import { inPlace } from '../net/tls-error.ts'
import { describeError } from '../std/errors.ts'
import type { ServerConfig } from './config.ts'

/** The ports that can have TLS of their own. */
const PORTS = ['proxy', 'upstream', 'admin'] as const
type SecuredPort = (typeof PORTS)[number]

/** Handshakes that fail can be had by anybody, so that the log gets no more than this. */
const FAILURES_LOGGED_PER_SECOND = 5

/** The TLS of a node's ports: read at the start, renewed together, and measured. */
export class PortTls {
  private readonly ports = new Map<SecuredPort, ServerTls>()
  private readonly client: ClientTlsFiles
  private readonly logger: Logger
  private readonly failures: Family<Counter>
  private logged = { secondOf: 0, count: 0 }

  /** Throws a TlsError that names the port when a file cannot be used. */
  constructor(
    config: Pick<ServerConfig, SecuredPort>,
    { logger, metrics }: { logger: Logger; metrics: Metrics },
  ) {
    this.logger = logger
    const { client } = config.admin.tls
    this.client = new ClientTlsFiles(client, 'admin: tls: client', logger)
    for (const port of PORTS) {
      const { tls } = config[port]
      if (tls.cert === '') continue
      this.ports.set(
        port,
        inPlace(`${port}: tls`, () => new ServerTls(tls)),
      )
      this.warnOfExpiry(port)
    }
    metrics.gauge(
      'piko_tls_certificate_expiry_timestamp_seconds',
      'When the certificate of a port stops to be valid.',
      () =>
        Array.from(this.ports, ([port, tls]) => ({ labels: { port }, value: tls.expiresMs / 1e3 })),
    )
    this.failures = metrics.counterFamily(
      'piko_tls_handshake_failures_total',
      'Connections that did not get through the TLS handshake of a port.',
      ['port'],
    )
  }

  /** What a port is made with; undefined when it is plain. */
  security(port: SecuredPort): PortSecurity | undefined {
    const tls = this.ports.get(port)
    if (tls === undefined) return undefined
    return {
      tls,
      handshakeFailed: ({ clientIp, reason }) => {
        this.failures.with(port).inc()
        if (this.mayLog()) {
          this.logger.info('tls handshake failed', { port, 'client-ip': clientIp, reason })
        }
      },
    }
  }

  /** For the admin ports of other nodes, if they speak TLS. */
  get forward(): ClientTls {
    return this.client.current
  }

  /** Reads all files again; a port whose new ones cannot be used keeps what it has. */
  renew(): void {
    for (const [port, tls] of this.ports) {
      try {
        if (tls.renew(Date.now())) this.logger.info('certificate renewed', aboutOf(port, tls))
      } catch (error) {
        const about = { ...aboutOf(port, tls), reason: describeError(error) }
        this.logger.error('certificate not renewed; the one before stays in use', about)
      }
    }
  }

  private warnOfExpiry(port: SecuredPort): void {
    const tls = this.ports.get(port)
    if (tls !== undefined && tls.expiresMs <= Date.now()) {
      this.logger.warn('certificate has expired', aboutOf(port, tls))
    }
  }

  private mayLog(): boolean {
    const second = Math.floor(performance.now() / 1e3)
    if (second !== this.logged.secondOf) this.logged = { secondOf: second, count: 0 }
    this.logged.count += 1
    return this.logged.count <= FAILURES_LOGGED_PER_SECOND
  }
}

function aboutOf(port: SecuredPort, tls: ServerTls): Record<string, string> {
  return { port, expires: new Date(tls.expiresMs).toISOString() }
}
