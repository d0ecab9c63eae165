import { ClientTls } from '../net/client-tls.ts'
import type { ConnectTarget } from './connect.ts'
import { CONNECT_TIMEOUT_MS } from './connect-options.ts'
import type { ConnectOptions } from './connect-options.ts'
import { PikoError } from './piko-error.ts'
import { parseProxyUrl } from './piko-url.ts'

/** A port of Piko, and the endpoint that a program listens at or dials. */
export interface EndpointTarget extends ConnectTarget {
  readonly endpointId: string
}

/** What connecting needs of the options. Throws a PikoError when one is invalid. */
export function connectTarget(endpointId: string, options: ConnectOptions): EndpointTarget {
  const { token, tenantId, tls, proxyUrl, connectTimeoutMs = CONNECT_TIMEOUT_MS } = options
  if (endpointId === '') throw new PikoError('invalid-option', 'endpoint: is empty')
  if (!(connectTimeoutMs > 0)) {
    throw new PikoError('invalid-option', 'connectTimeoutMs: must be above 0')
  }
  const clientTls = tls && readTls(tls)
  return {
    endpointId,
    token,
    tenantId,
    connectTimeoutMs,
    tls: clientTls && (() => clientTls),
    proxyUrl: proxyUrl === undefined ? undefined : parseProxyUrl(proxyUrl),
  }
}

/** What a program hears whose own signal ended something. */
export function calledOff(signal: AbortSignal | undefined): PikoError {
  return new PikoError('aborted', undefined, { cause: signal?.reason })
}

function readTls(tls: NonNullable<ConnectOptions['tls']>): ClientTls {
  try {
    return new ClientTls(tls)
  } catch (cause) {
    throw new PikoError('invalid-option', 'tls: cannot be used', { cause })
  }
}
