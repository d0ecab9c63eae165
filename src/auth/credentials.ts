import { isField } from '../http1/fields.ts'
import type { Fields } from '../http1/fields.ts'
import type { Refused } from './refusal.ts'

/** The field that Piko's token was found in. */
export type TokenField = 'x-piko-authorization' | 'authorization'

/** What a request brings to be let in, read once. */
export interface Credentials {
  readonly token: string | Refused
  /** Where the token was; undefined without one. */
  readonly field: TokenField | undefined
  /** '' when the request names no tenant. */
  readonly tenantId: string
}

/**
 * Finds the token and the tenant among a request's fields. `x-piko-authorization` comes first, so
 * that `Authorization` stays free for the service. Of several fields of one name the first counts.
 */
export function findCredentials(fields: Readonly<Fields>): Credentials {
  let own = ''
  let standard = ''
  let tenantId = ''
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string
    const value = fields[i + 1] as string
    if (isField(name, 'x-piko-authorization')) own ||= value
    else if (isField(name, 'authorization')) standard ||= value
    else if (isField(name, 'x-piko-tenant-id')) tenantId ||= value
  }
  if (own !== '') return { token: tokenOf(own), field: 'x-piko-authorization', tenantId }
  if (standard !== '') return { token: tokenOf(standard), field: 'authorization', tenantId }
  return { token: { refused: 'missing-authorization' }, field: undefined, tenantId }
}

/** RFC 6750 §2.1, with the scheme in exactly this case, as the deployed Piko wants it. */
function tokenOf(value: string): string | Refused {
  const space = value.indexOf(' ')
  if (space < 0) return { refused: 'invalid-authorization' }
  if (value.slice(0, space) !== 'Bearer') return { refused: 'unsupported-auth-type' }
  return value.slice(space + 1)
}
