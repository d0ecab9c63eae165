import type { Logger } from '../log/logger.ts'
import type { Counter } from '../metrics/counter.ts'
import type { Family } from '../metrics/family.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { isAuthEnabled } from './config.ts'
import type { AuthConfig, TenantConfig } from './config.ts'
import { JwtVerifier } from './jwt-verifier.ts'
import { KeySources } from './key-sources.ts'
import { PortGate } from './port-gate.ts'
import { ProxyGate } from './proxy-gate.ts'

export interface AuthenticationOptions {
  readonly proxy: AuthConfig
  readonly upstream: AuthConfig
  readonly admin: AuthConfig
  readonly tenants: readonly TenantConfig[]
  readonly logger: Logger
  readonly metrics: Metrics
}

/** Who may come in at the ports of a node: keys, verifiers and the gates that ask them. */
export class Authentication {
  readonly proxy: ProxyGate
  readonly upstream: PortGate
  readonly admin: PortGate
  private readonly options: AuthenticationOptions
  private readonly keys: KeySources
  private readonly tokens: Family<Counter>
  private readonly verifiers: JwtVerifier[] = []

  constructor(options: AuthenticationOptions) {
    this.options = options
    const { metrics, logger, tenants } = options
    this.tokens = metrics.counterFamily(
      'piko_auth_tokens_total',
      'Tokens verified, by whether that took a signature or was known.',
      ['how'],
    )
    const loads = metrics.counterFamily(
      'piko_auth_key_set_loads_total',
      'Attempts to load a key set (JWKS).',
      ['result'],
    )
    const refusals = metrics.counterFamily(
      'piko_auth_refusals_total',
      'Requests and listeners that were not let in.',
      ['port', 'reason'],
    )
    this.keys = new KeySources({
      logger,
      loaded: (isGood) => loads.with(isGood ? 'loaded' : 'failed').inc(),
    })
    const byTenant =
      tenants.length === 0
        ? undefined
        : new Map(tenants.map(({ id, auth }) => [id, this.verifierOf(auth)]))
    this.proxy = new ProxyGate({
      port: 'proxy',
      verifier: this.verifierIfEnabled(options.proxy),
      tenants: byTenant,
      tenantDomains: domainsOf(tenants),
      refusals,
    })
    this.upstream = new PortGate({
      port: 'upstream',
      verifier: this.verifierIfEnabled(options.upstream),
      tenants: byTenant,
      refusals,
      outliving: outlivingOf(options),
    })
    const verifier = this.verifierIfEnabled(options.admin)
    this.admin = new PortGate({ port: 'admin', verifier, refusals })
  }

  /** Loads keys, and the library that uses them. Rejects when a file of keys cannot be used. */
  async start(): Promise<void> {
    this.sayWhoMayComeIn()
    await Promise.all([this.keys.start(), ...this.verifiers.map(async (each) => each.start())])
  }

  close(): void {
    this.keys.close()
  }

  /** A key that was meant to come from the environment and did not leaves its port open. */
  private sayWhoMayComeIn(): void {
    const { proxy, upstream, admin, tenants, logger } = this.options
    const who = (auth: AuthConfig) => (isAuthEnabled(auth) ? 'who has a token' : 'everybody')
    logger.info('who may come in', {
      proxy: who(proxy),
      upstream: tenants.length > 0 ? `${tenants.length} tenants` : who(upstream),
      admin: who(admin),
    })
  }

  private verifierIfEnabled(auth: AuthConfig): JwtVerifier | undefined {
    return isAuthEnabled(auth) ? this.verifierOf(auth) : undefined
  }

  private verifierOf(auth: AuthConfig): JwtVerifier {
    const { audience, issuer, requireEndpoints } = auth
    const verifier = new JwtVerifier({
      keys: this.keys.add(auth),
      audience,
      issuer,
      requireEndpoints,
      logger: this.options.logger,
      verified: (how) => this.tokens.with(how).inc(),
    })
    this.verifiers.push(verifier)
    return verifier
  }
}

function outlivingOf({ upstream, tenants }: AuthenticationOptions): ReadonlySet<string> {
  const all = [{ id: '', auth: upstream }, ...tenants]
  return new Set(all.filter(({ auth }) => auth.disableDisconnectOnExpiry).map(({ id }) => id))
}

function domainsOf(tenants: readonly TenantConfig[]): ReadonlyMap<string, string> {
  return new Map(
    tenants.flatMap(({ id, domains }) =>
      domains.map((domain) => [domain.toLowerCase().replace(/^\./, ''), id] as const),
    ),
  )
}
