import { isField } from '../../http1/fields.ts'
import type { Fields } from '../../http1/fields.ts'
import { formatRequestHead } from '../../http1/head-writer.ts'
import { withoutHopByHop } from '../../http1/hop-by-hop.ts'
import type { EdgeRequest } from './edge-request.ts'

/** Who sent a request, as far as the edge can tell. */
export interface ClientInfo {
  readonly address: string
  readonly scheme: 'http' | 'https'
  /** A proxy that the operator trusts: what it says of the client's host and scheme stands. */
  readonly trusted: boolean
}

/** A client's Connection field cannot name these away: routing and hosts rest on them. */
const KEPT: ReadonlySet<string> = new Set([
  'host',
  'x-piko-endpoint',
  'x-pico-endpoint',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'content-length',
])

/** Fields between clients and Piko that no upstream may see (wire.md, Edge rules). */
const PRIVATE: readonly string[] = ['x-piko-forward', 'x-piko-authorization', 'x-piko-tenant-id']

/**
 * The request head as the upstream gets it: the client's fields without what was meant for this
 * hop, who the client was, and the connection's own end: one request per stream (wire.md, HTTP on a
 * stream).
 */
export function forwardedHead(
  edge: EdgeRequest,
  client: ClientInfo,
  upgrade: string | undefined,
): string {
  const fields: Fields = []
  const forwardedFor: string[] = []
  const received = withoutHopByHop(edge.fields, KEPT)
  let forwardedHost: string | undefined
  let forwardedProto: string | undefined
  for (let i = 0; i < received.length; i += 2) {
    const name = received[i] as string
    const value = received[i + 1] as string
    if (isField(name, 'host') || isPrivate(name)) continue
    if (isField(name, 'x-forwarded-for')) forwardedFor.push(value)
    else if (isField(name, 'x-forwarded-host')) forwardedHost = value
    else if (isField(name, 'x-forwarded-proto')) forwardedProto = value
    else fields.push(name, value)
  }
  forwardedFor.push(client.address)
  fields.push('X-Forwarded-For', forwardedFor.join(', '))
  fields.push('X-Forwarded-Host', (client.trusted ? forwardedHost : undefined) ?? edge.host)
  fields.push('X-Forwarded-Proto', (client.trusted ? forwardedProto : undefined) ?? client.scheme)
  if (edge.body === 'chunked') fields.push('Transfer-Encoding', 'chunked')
  if (upgrade === undefined) fields.push('Connection', 'close')
  else fields.push('Connection', 'Upgrade', 'Upgrade', upgrade)
  return formatRequestHead({
    method: edge.method,
    target: edge.target,
    minorVersion: 1,
    fields: ['Host', edge.host, ...fields],
  })
}

/** A client's trailers without those that would have had to come in the head, or not at all. */
export function forwardedTrailers(trailers: Readonly<Fields>): Fields {
  const kept: Fields = []
  for (let i = 0; i < trailers.length; i += 2) {
    const name = trailers[i] as string
    const isOfHead = KEPT.has(name.toLowerCase()) || isField(name, 'trailer')
    if (!isOfHead && !isPrivate(name)) kept.push(name, trailers[i + 1] as string)
  }
  return withoutHopByHop(kept)
}

function isPrivate(name: string): boolean {
  for (const lowerName of PRIVATE) if (isField(name, lowerName)) return true
  return false
}
