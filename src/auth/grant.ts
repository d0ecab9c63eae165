/** What somebody wants to do with an endpoint: register for it, or send it requests. */
export type Scope = 'listen' | 'connect'

/** What a valid token allows. */
export interface Grant {
  /** Endpoint ids, or beginnings of them that end in `*`; undefined allows all. */
  readonly listen: readonly string[] | undefined
  readonly connect: readonly string[] | undefined
  /** The only tenant that the token is good for. */
  readonly tenantId: string | undefined
  /** In milliseconds since 1970; infinite for a token without `exp`. */
  readonly expiresAtMs: number
}

/**
 * Reads the grant from a token's claims; undefined when they are malformed.
 *
 *     "piko": {
 *       "endpoints": ["orders", "team-a-*"],     both scopes; empty or absent: all of them
 *       "listen": [], "connect": ["orders"],     each takes the place of `endpoints`
 *       "tenant_id": "acme"
 *     }
 *
 * Who names one scope means to limit the token: the other one is then what `endpoints` says, and
 * nothing without it. `requireEndpoints` makes empty or absent `endpoints` mean none.
 */
export function readGrant(
  claims: Readonly<Record<string, unknown>>,
  { requireEndpoints }: { readonly requireEndpoints: boolean },
): Grant | undefined {
  const { piko = {}, exp } = claims
  if (!isRecord(piko)) return undefined
  const { endpoints, listen, connect, tenant_id: tenantId } = piko
  const lists = [endpoints, listen, connect]
  if (!lists.every((list) => list === undefined || list === null || isTexts(list))) return undefined
  if (tenantId !== undefined && typeof tenantId !== 'string') return undefined
  const isScoped = isTexts(listen) || isTexts(connect)
  const named = isTexts(endpoints) && endpoints.length > 0 ? endpoints : undefined
  const both = named ?? (requireEndpoints || isScoped ? [] : undefined)
  return {
    listen: isTexts(listen) ? listen : both,
    connect: isTexts(connect) ? connect : both,
    tenantId: tenantId === '' ? undefined : tenantId,
    expiresAtMs: typeof exp === 'number' ? exp * 1_000 : Number.POSITIVE_INFINITY,
  }
}

/** Whether the grant covers this use of the endpoint. */
export function allows(grant: Grant, scope: Scope, endpointId: string): boolean {
  const patterns = grant[scope]
  return patterns === undefined || patterns.some((pattern) => matches(pattern, endpointId))
}

function matches(pattern: string, endpointId: string): boolean {
  return pattern.endsWith('*')
    ? endpointId.startsWith(pattern.slice(0, -1))
    : endpointId === pattern
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
