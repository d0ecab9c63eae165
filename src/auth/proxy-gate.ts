import type { Credentials } from './credentials.ts'
import type { JwtVerifier, Verdict } from './jwt-verifier.ts'
import { OPEN, PortGate, whenKnown } from './port-gate.ts'
import type { Admission, PortGateOptions } from './port-gate.ts'
import type { Refused } from './refusal.ts'

export interface ProxyGateOptions extends PortGateOptions {
  /** Domains whose names are endpoints of a tenant: `acme.example.com` → `acme`. */
  readonly tenantDomains: ReadonlyMap<string, string>
}

/** A token of a request that names a tenant. */
interface Presented {
  readonly token: string
  readonly tenantId: string
  readonly field: Credentials['field']
}

/**
 * Who may send requests, and to whose endpoints. A request belongs to the tenant that
 * `x-piko-tenant-id` names, else to that of its host's domain, else to that of its token's claim.
 *
 *     names a tenant      a token of that tenant's keys, or one of the port's keys with its claim
 *     names none          a token of the port's keys; its claim, if any, says the tenant
 */
export class ProxyGate {
  private readonly options: ProxyGateOptions
  private readonly gate: PortGate

  constructor(options: ProxyGateOptions) {
    this.options = options
    this.gate = new PortGate(options)
  }

  /** Whether there is anything to decide. */
  get isOpen(): boolean {
    return this.options.verifier === undefined && this.options.tenants === undefined
  }

  /** Decides at once where nothing has to be verified, or was before. Never rejects. */
  admit(
    credentials: Credentials,
    host: string,
  ): Admission | Refused | Promise<Admission | Refused> {
    return whenKnown(this.decide(credentials, host), (outcome) => this.gate.refuse(outcome))
  }

  /** Counts a refusal for what a token does not cover. */
  refuse(refusal: Refused): Refused {
    return this.gate.refuse(refusal)
  }

  private decide(
    { token, field, tenantId: named }: Credentials,
    host: string,
  ): Admission | Refused | Promise<Admission | Refused> {
    const { verifier, tenants } = this.options
    const tenantId = named || (this.options.tenantDomains.get(domainOf(host)) ?? '')
    if (tenantId !== '' && tenants?.has(tenantId) !== true) {
      return verifier === undefined && tenants === undefined ? OPEN : { refused: 'unknown-tenant' }
    }
    if (verifier === undefined) return { ...OPEN, tenantId }
    if (typeof token !== 'string') return token
    const own = tenants?.get(tenantId)
    if (own === undefined) {
      return whenKnown(verifier.verify(token), (verdict) => this.byClaim(verdict, field))
    }
    const presented = { token, tenantId, field }
    // A token of the port's keys is not checked against the tenant's with every request.
    if (verifier.knows(token)) return this.asOperator(verifier, presented)
    return whenKnown(own.verify(token), (verdict) =>
      'refused' in verdict && verdict.refused === 'invalid-token'
        ? this.asOperator(verifier, presented)
        : asTenant(verdict, presented),
    )
  }

  private byClaim(verdict: Verdict, field: Credentials['field']): Admission | Refused {
    if ('refused' in verdict) return verdict
    const { tenantId = '' } = verdict
    const isKnown = tenantId === '' || this.options.tenants?.has(tenantId) === true
    return isKnown ? { grant: verdict, tenantId, field } : { refused: 'unknown-tenant' }
  }

  private asOperator(
    verifier: JwtVerifier,
    { token, tenantId, field }: Presented,
  ): Admission | Refused | Promise<Admission | Refused> {
    return whenKnown(verifier.verify(token), (verdict) => {
      if ('refused' in verdict) return verdict
      const isItsTenant = verdict.tenantId === tenantId
      return isItsTenant ? { grant: verdict, tenantId, field } : { refused: 'unknown-tenant' }
    })
  }
}

function asTenant(verdict: Verdict, { tenantId, field }: Presented): Admission | Refused {
  if ('refused' in verdict) return verdict
  const isItsTenant = verdict.tenantId === undefined || verdict.tenantId === tenantId
  return isItsTenant ? { grant: verdict, tenantId, field } : { refused: 'unknown-tenant' }
}

/** What follows the first label of a host, in lower case and without the port. */
function domainOf(host: string): string {
  const name = host.replace(/:\d*$/, '').toLowerCase()
  const dot = name.indexOf('.')
  return dot < 0 ? '' : name.slice(dot + 1)
}
