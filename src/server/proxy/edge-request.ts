import type { IncomingMessage } from 'node:http'
import { isField } from '../../http1/fields.ts'
import type { Fields } from '../../http1/fields.ts'
import { isIpAddress } from '../../std/host-port.ts'

/** Why a request is not even routed: it is answered so, and the connection closes. */
export interface EdgeViolation {
  readonly status: 400 | 431
  readonly error: string
}

/** What Piko reads of a request, read once: routing and everything after it see the same values. */
export interface EdgeRequest {
  readonly method: string
  /** Origin-form, or `*` for OPTIONS. */
  readonly target: string
  readonly host: string
  readonly endpointId: string | undefined
  /** It asks for a TCP connection to the endpoint, by Piko's own route for them. */
  readonly isTcp: boolean
  readonly body: 'none' | 'length' | 'chunked'
  readonly fields: Readonly<Fields>
}

/** The fields that decide over framing and routing, as they came. */
interface Deciding {
  hosts: number
  host: string
  endpointId: string | undefined
  transferEncodings: number
  transferEncoding: string
  contentLength: string | undefined
}

/**
 * Checks what node:http lets through and a proxy must not (wire.md, Edge rules), and finds the
 * endpoint that the request names.
 */
export function readEdgeRequest(
  request: IncomingMessage,
  fieldsMax: number,
): EdgeRequest | EdgeViolation {
  if (request.rawHeaders.length > 2 * fieldsMax) {
    return { status: 431, error: 'too many header fields' }
  }
  const deciding = findDeciding(request.rawHeaders)
  const error = framingError(deciding) ?? hostError(deciding, request.httpVersionMinor)
  if (error !== undefined) return { status: 400, error }
  const place = originForm(request.method as string, request.url as string, deciding.host)
  if (place === undefined) return { status: 400, error: 'invalid target' }
  const tcpEndpointId = tcpEndpointOf(place.target)
  if (tcpEndpointId === null) return { status: 400, error: 'invalid endpoint id' }
  return {
    method: request.method as string,
    target: place.target,
    host: place.host,
    endpointId: tcpEndpointId ?? deciding.endpointId ?? endpointOfHost(place.host),
    isTcp: tcpEndpointId !== undefined,
    body: bodyKind(deciding),
    fields: request.rawHeaders,
  }
}

function findDeciding(fields: Readonly<Fields>): Deciding {
  const found: Deciding = {
    hosts: 0,
    host: '',
    endpointId: undefined,
    transferEncodings: 0,
    transferEncoding: '',
    contentLength: undefined,
  }
  for (let i = 0; i < fields.length; i += 2) {
    noteField(found, fields[i] as string, fields[i + 1] as string)
  }
  return found
}

/** The name's length rules nearly every field out before anything is compared. */
function noteField(found: Deciding, name: string, value: string): void {
  switch (name.length) {
    case 4:
      if (!isField(name, 'host')) return
      found.hosts += 1
      found.host = value
      return
    case 14:
      if (isField(name, 'content-length')) found.contentLength = value
      return
    case 15:
      if (isField(name, 'x-piko-endpoint') || isField(name, 'x-pico-endpoint')) {
        found.endpointId ??= value === '' ? undefined : utf8Of(value)
      }
      return
    case 17:
      if (!isField(name, 'transfer-encoding')) return
      found.transferEncodings += 1
      found.transferEncoding = value
      return
    default:
  }
}

/** Field values come as latin1; endpoint ids are UTF-8, as listeners name them in a path. */
function utf8Of(value: string): string {
  return /[\x80-\xff]/.test(value) ? Buffer.from(value, 'latin1').toString('utf8') : value
}

/** RFC 9112 §6.1, §6.3: two readings of where a body ends are the root of request smuggling. */
function framingError(found: Deciding): string | undefined {
  if (found.transferEncodings === 0) {
    return found.contentLength === '' ? 'empty content-length' : undefined
  }
  if (found.transferEncodings > 1 || found.transferEncoding.toLowerCase() !== 'chunked') {
    return 'unsupported transfer-encoding'
  }
  return found.contentLength === undefined
    ? undefined
    : 'transfer-encoding and content-length exclude each other'
}

/** RFC 9112 §3.2: exactly one Host in HTTP/1.1, and nothing in it but a host and a port. */
function hostError(found: Deciding, minorVersion: number): string | undefined {
  if (found.hosts > 1) return 'more than one host'
  if (found.hosts === 0) return minorVersion === 0 ? undefined : 'missing host'
  return isHost(found.host) ? undefined : 'invalid host'
}

function isHost(host: string): boolean {
  return /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._~!$&'()*+;=%-]+)(?::\d{0,5})?$/.test(host)
}

/** RFC 9112 §3.2.2: a proxy turns absolute-form into origin-form and takes the host from it. */
function originForm(
  method: string,
  url: string,
  host: string,
): { target: string; host: string } | undefined {
  // node:http lets tabs and form feeds through.
  if (!/^[\x21-\x7e\x80-\xff]+$/.test(url)) return undefined
  if (url.startsWith('/')) return { target: url, host }
  if (url === '*') return method === 'OPTIONS' ? { target: url, host } : undefined
  const match = /^https?:\/\/([^/?#]+)([/?][^#]*)?$/i.exec(url)
  if (match === null || !isHost(match[1] as string)) return undefined
  const path = match[2] ?? '/'
  return { target: path.startsWith('/') ? path : `/${path}`, host: match[1] as string }
}

/** The first label of a host name: `my-endpoint.piko.example.com:8000` → `my-endpoint`. */
export function endpointOfHost(host: string): string | undefined {
  const name = host.replace(/:\d*$/, '')
  const dot = name.indexOf('.')
  if (dot <= 0 || isIpAddress(name)) return undefined
  return name.slice(0, dot).toLowerCase()
}

/** Of the paths below /_piko only this one is Piko's own; others are the service's. */
const TCP_ROUTE = /^\/_piko\/v1\/tcp\/([^/?]+)(?:\?.*)?$/

/**
 * The endpoint that a target of the TCP route names, percent-decoded: null when that is malformed,
 * undefined when the target is another.
 */
function tcpEndpointOf(target: string): string | null | undefined {
  const segment = target.startsWith('/_piko/') ? TCP_ROUTE.exec(target)?.[1] : undefined
  if (segment === undefined) return undefined
  try {
    return decodeURIComponent(segment)
  } catch {
    return null
  }
}

function bodyKind(found: Deciding): EdgeRequest['body'] {
  if (found.transferEncodings > 0) return 'chunked'
  return found.contentLength === undefined || found.contentLength === '0' ? 'none' : 'length'
}
