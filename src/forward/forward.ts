import type { Reloadable } from '../config/config-reload.ts'
import type { Logger } from '../log/logger.ts'
import { ClientTlsFiles } from '../net/client-tls-files.ts'
import { assert } from '../std/assert.ts'
import type { HostPort } from '../std/host-port.ts'
import type { ForwardConfig } from './config.ts'
import { ForwardedPort } from './forwarded-port.ts'
import { parseLocalAddress } from './local-address.ts'

/** `piko forward`: ports of this machine that lead to TCP endpoints. */
export class Forward implements Reloadable<ForwardConfig> {
  private config: ForwardConfig
  private readonly logger: Logger
  private readonly tls: ClientTlsFiles
  private readonly ports: readonly ForwardedPort[]

  constructor(config: ForwardConfig, logger: Logger) {
    this.config = config
    this.logger = logger
    this.tls = new ClientTlsFiles(config.connect.tls, 'connect: tls', logger.child('tls'))
    this.ports = config.ports.map(({ addr, endpointId }) => this.createPort(addr, endpointId))
  }

  /** Opens every port, and gives their addresses. Rejects with a ListenError. */
  async start(): Promise<readonly HostPort[]> {
    const addresses: HostPort[] = []
    for (const port of this.ports) addresses.push(await port.listen())
    return addresses
  }

  /** Takes over the settings that may change while it runs: those marked `reload`. */
  reload(config: ForwardConfig): void {
    const { token, tokenFile } = config.connect
    this.config = { ...this.config, connect: { ...this.config.connect, token, tokenFile } }
  }

  /** Closes every port, and cuts its connections: they are nobody's but the clients' to end. */
  async shutdown(): Promise<void> {
    await Promise.all(this.ports.map(async (port) => port.close()))
    this.logger.info('forward stopped')
  }

  private createPort(addr: string, endpointId: string): ForwardedPort {
    const address = parseLocalAddress(addr)
    assert(address !== undefined, 'a configured address was checked')
    const { url, tenantId, timeoutMs, proxyUrl } = this.config.connect
    return new ForwardedPort({
      address,
      target: {
        url,
        endpointId,
        ...(tenantId !== '' && { tenantId }),
        token: () => this.config.connect.token.reveal(),
        tls: () => this.tls.current,
        proxyUrl: proxyUrl === '' ? undefined : new URL(proxyUrl),
        connectTimeoutMs: timeoutMs,
      },
      logger: this.logger.child('forward'),
    })
  }
}
