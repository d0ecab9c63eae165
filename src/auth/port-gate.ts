import type { Counter } from '../metrics/counter.ts'
import type { Family } from '../metrics/family.ts'
import type { Credentials, TokenField } from './credentials.ts'
import type { Grant } from './grant.ts'
import type { JwtVerifier, Verdict } from './jwt-verifier.ts'
import type { Refused } from './refusal.ts'

/** As what somebody is let in. */
export interface Admission {
  /** Undefined on a port without authentication: everything is allowed. */
  readonly grant: Grant | undefined
  /** '' outside of any tenant. */
  readonly tenantId: string
  /** The field of the token, which nobody behind this port may see. */
  readonly field: TokenField | undefined
}

/** Refusals, by port and reason. */
export type RefusalCounts = Family<Counter>

export interface PortGateOptions {
  /** The label of the metric: `upstream`. */
  readonly port: string
  /** Undefined: everybody is let in. */
  readonly verifier: JwtVerifier | undefined
  /** Verifiers of the tenants; undefined where there are none. */
  readonly tenants?: ReadonlyMap<string, JwtVerifier> | undefined
  readonly refusals: RefusalCounts
  /** Those (tenants, '' for none) whose connections outlive their tokens. */
  readonly outliving?: ReadonlySet<string>
}

/**
 * Who may come in at the upstream and the admin port. Where there are tenants everybody belongs to
 * one, and shows a token that the tenant's own keys verify.
 */
export class PortGate {
  private readonly options: PortGateOptions

  constructor(options: PortGateOptions) {
    this.options = options
  }

  /** Decides at once where nothing has to be verified, or was before. Never rejects. */
  admit(credentials: Credentials): Admission | Refused | Promise<Admission | Refused> {
    const { verifier, tenants } = this.options
    const { token, field, tenantId } = credentials
    const responsible = tenants === undefined ? verifier : tenants.get(tenantId)
    if (tenants === undefined && verifier === undefined) return OPEN
    if (responsible === undefined || (tenants === undefined && tenantId !== '')) {
      return this.refuse({ refused: 'unknown-tenant' })
    }
    if (typeof token !== 'string') return this.refuse(token)
    return whenKnown(responsible.verify(token), (verdict) =>
      this.refuse(admission(verdict, { field, tenantId })),
    )
  }

  /** When what was opened with an admission has to end, in milliseconds since 1970. */
  expiryOf({ grant, tenantId }: Admission): number {
    const isEndless = grant === undefined || this.options.outliving?.has(tenantId) === true
    return isEndless ? Number.POSITIVE_INFINITY : grant.expiresAtMs
  }

  /** Counts a refusal that was decided elsewhere, or none. */
  refuse<Outcome extends Admission | Refused>(outcome: Outcome): Outcome {
    const { port, refusals } = this.options
    if ('refused' in outcome) refusals.with(port, outcome.refused).inc()
    return outcome
  }
}

/** What everybody is where nobody is asked. */
export const OPEN: Admission = { grant: undefined, tenantId: '', field: undefined }

/** A token names the tenant that it was presented for, or none. */
function admission(
  verdict: Verdict,
  { field, tenantId }: Pick<Admission, 'field' | 'tenantId'>,
): Admission | Refused {
  if ('refused' in verdict) return verdict
  const isForeign = verdict.tenantId !== undefined && verdict.tenantId !== tenantId
  return isForeign ? { refused: 'unknown-tenant' } : { grant: verdict, field, tenantId }
}

/** Goes on with a value, in the same turn if it is there. */
export function whenKnown<Value, Result>(
  value: Value | Promise<Value>,
  use: (value: Value) => Result,
): Result | Promise<Awaited<Result>> {
  return value instanceof Promise ? (value.then(use) as Promise<Awaited<Result>>) : use(value)
}
