import { findCredentials } from '../../auth/credentials.ts'
import { allows } from '../../auth/grant.ts'
import { whenKnown } from '../../auth/port-gate.ts'
import type { Admission } from '../../auth/port-gate.ts'
import type { ProxyGate } from '../../auth/proxy-gate.ts'
import { REFUSALS } from '../../auth/refusal.ts'
import type { Refused } from '../../auth/refusal.ts'
import { isField } from '../../http1/fields.ts'
import type { Fields } from '../../http1/fields.ts'
import { ANSWERS, badRequest } from '../../net/answer.ts'
import type { Answer } from '../../net/answer.ts'
import type { ByteRate } from '../upstream/byte-rate.ts'
import { isEndpointId, routedName } from '../upstream/tenant-endpoint.ts'
import type { Release, TenantLimit, TenantQuotas } from '../upstream/tenant-quotas.ts'
import type { EdgeRequest } from './edge-request.ts'

/** A request that may go on. */
export interface Admitted {
  /** Without the token among its fields. */
  readonly edge: EdgeRequest
  /** The name that nodes route by. */
  readonly endpointId: string
  readonly answer?: undefined
  /** The request is over. */
  readonly release: Release
  /** What its bytes keep to, with those of others; undefined without a limit. */
  readonly rate: ByteRate | undefined
}

/** What becomes of a request: it is answered here, or goes on. */
export type Decision =
  | { readonly edge: EdgeRequest; readonly answer: Answer; readonly release?: undefined }
  | Admitted

const CONTROL_CHARACTERS = badRequest('endpoint id has control characters')

export interface AdmittanceOptions {
  readonly gate: ProxyGate
  readonly quotas: TenantQuotas
  /** Whether tenants have endpoints of their own, or share them all. */
  readonly tenantNamespaces: boolean
}

/** Decides who may send a request to which endpoint, before it is routed. */
export class Admittance {
  private readonly options: AdmittanceOptions

  constructor(options: AdmittanceOptions) {
    this.options = options
  }

  /** At once where nothing has to be verified, or was before. Never rejects. */
  decide(edge: EdgeRequest): Decision | Promise<Decision> {
    const { gate } = this.options
    if (gate.isOpen) return this.goOn(edge, '')
    const credentials = findCredentials(edge.fields)
    return whenKnown(gate.admit(credentials, edge.host), (admission) => this.use(edge, admission))
  }

  private use(edge: EdgeRequest, admission: Admission | Refused): Decision {
    if ('refused' in admission) return { edge, answer: REFUSALS[admission.refused] }
    const { grant, tenantId, field } = admission
    const { endpointId } = edge
    if (endpointId === undefined) return { edge, answer: ANSWERS.missingEndpoint }
    if (grant !== undefined && !allows(grant, 'connect', endpointId)) {
      const { refused } = this.options.gate.refuse({ refused: 'endpoint-not-permitted' })
      return { edge, answer: REFUSALS[refused] }
    }
    // Nobody behind this port may see the token; the other field is taken off in any case.
    const fields = field === 'authorization' ? withoutField(edge.fields, field) : edge.fields
    return this.goOn({ ...edge, fields }, tenantId)
  }

  private goOn(edge: EdgeRequest, tenantId: string): Decision {
    const { quotas, tenantNamespaces } = this.options
    if (edge.endpointId === undefined) return { edge, answer: ANSWERS.missingEndpoint }
    // A path can name anything; such a name could be that of a tenant's endpoint.
    if (!isEndpointId(edge.endpointId)) return { edge, answer: CONTROL_CHARACTERS }
    const release = quotas.beginRequest(tenantId)
    if (typeof release === 'string') return { edge, answer: tooMany(release) }
    const endpointId = routedName(tenantNamespaces ? tenantId : '', edge.endpointId)
    return { edge, endpointId, release, rate: quotas.rateOf(tenantId) }
  }
}

function tooMany(limit: TenantLimit): Answer {
  return { status: 429, error: `too many ${limit} of the tenant`, kind: 'request' }
}

function withoutField(fields: Readonly<Fields>, lowerName: string): Fields {
  const kept: Fields = []
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string
    if (!isField(name, lowerName)) kept.push(name, fields[i + 1] as string)
  }
  return kept
}
