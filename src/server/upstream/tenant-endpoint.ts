/**
 * Parts a tenant from its endpoint in the names that nodes route by. No endpoint id that a listener
 * or a client can send has it, so that nobody names a tenant's endpoint from outside of it.
 */
const SEPARATOR = '\u001f'

/** Characters that no endpoint id may have: the separator is one, and logs are better off too. */
const CONTROL_CHARACTERS = /\p{Cc}/u

export function isEndpointId(id: string): boolean {
  return id !== '' && !CONTROL_CHARACTERS.test(id)
}

/** The name that nodes know a tenant's endpoint by; outside of tenants it is the endpoint's id. */
export function routedName(tenantId: string, endpointId: string): string {
  return tenantId === '' ? endpointId : tenantId + SEPARATOR + endpointId
}

/** The same for people: `acme/orders`. Tenant ids have no slash. */
export function shownName(routed: string): string {
  return routed.replace(SEPARATOR, '/')
}
