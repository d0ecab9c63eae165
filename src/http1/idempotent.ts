const IDEMPOTENT: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PUT',
  'DELETE',
])

/**
 * Whether requests with this method have the effect of one when they are sent twice (RFC 9110
 * §9.2.2).
 */
export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method)
}
