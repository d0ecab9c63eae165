import { ClientTls } from '../net/client-tls.ts'
import { MuxRuntime } from '../net/mux-conn.ts'
import { RECONNECT_BACKOFF } from '../std/backoff.ts'
import type { BackoffOptions } from '../std/backoff.ts'
import type { ConnectTarget } from './connect.ts'
import { CONNECT_TIMEOUT_MS } from './connect-options.ts'
import type { ConnectOptions, ListenOptions } from './connect-options.ts'
import { Listener } from './listener.ts'
import { PikoError } from './piko-error.ts'
import { CONNECTIONS } from './tunnel-group.ts'
import { parseProxyUrl } from './piko-url.ts'

const DEFAULT_URL = 'http://localhost:8001'

/** What the tunnels of all listeners of a process share: one timer, and memory to send from. */
const RUNTIME = new MuxRuntime()

/**
 * Registers this program as an upstream of `endpoint` and accepts its requests and connections.
 * Resolves when a server has let it in, however long that takes: attempts that fail are repeated
 * for ever, until `options.signal` ends them. Rejects with a PikoError that is not retryable: an
 * invalid option, a token that is refused, a URL that leads elsewhere.
 *
 *     const listener = await listen('my-endpoint', { url: 'https://piko.example.com:8001' })
 *     listener.on('connection', (connection) => connection.pipe(connection))
 */
export async function listen(endpoint: string, options: ListenOptions = {}): Promise<Listener> {
  const { signal, allowHalfOpen = false } = options
  const listener = new Listener({ tunnel: tunnelOptions(endpoint, options), allowHalfOpen })
  if (signal?.aborted === true) throw calledOff(signal)
  const close = (): void => void listener.close()
  signal?.addEventListener('abort', close, { once: true })
  listener.once('close', () => signal?.removeEventListener('abort', close))
  await new Promise<void>((resolve, reject) => {
    const connected = (): void => settle(resolve)
    const failed = (error: PikoError): void => settle(() => reject(error))
    const closed = (): void => settle(() => reject(calledOff(signal)))
    const settle = (act: () => void): void => {
      listener.off('connected', connected).off('error', failed).off('close', closed)
      act()
    }
    listener.on('connected', connected).on('error', failed).on('close', closed)
    listener.start()
  })
  return listener
}

function tunnelOptions(endpoint: string, options: ListenOptions) {
  const { url = DEFAULT_URL, tenantId, connections = CONNECTIONS, logger, backoff } = options
  if (endpoint === '') throw new PikoError('invalid-option', 'endpoint: is empty')
  if (!(connections >= 1)) {
    throw new PikoError('invalid-option', 'connections: must be at least 1')
  }
  return {
    ...connectTarget(options),
    connections,
    url,
    endpointId: endpoint,
    tenantId,
    logger,
    runtime: RUNTIME,
    ...(backoff !== undefined && { backoff: backoffOf(backoff) }),
  }
}

/** What connecting needs of the options. Throws a PikoError when one is invalid. */
export function connectTarget(options: ConnectOptions): ConnectTarget {
  const { token, tls, proxyUrl, connectTimeoutMs = CONNECT_TIMEOUT_MS } = options
  if (!(connectTimeoutMs > 0)) {
    throw new PikoError('invalid-option', 'connectTimeoutMs: must be above 0')
  }
  const clientTls = tls && readTls(tls)
  return {
    token,
    connectTimeoutMs,
    tls: clientTls && (() => clientTls),
    proxyUrl: proxyUrl === undefined ? undefined : parseProxyUrl(proxyUrl),
  }
}

function readTls(tls: NonNullable<ConnectOptions['tls']>): ClientTls {
  try {
    return new ClientTls(tls)
  } catch (cause) {
    throw new PikoError('invalid-option', 'tls: cannot be used', { cause })
  }
}

function backoffOf(bounds: NonNullable<ListenOptions['backoff']>): BackoffOptions {
  const backoff = { ...RECONNECT_BACKOFF, ...bounds }
  if (backoff.minMs > 0 && backoff.maxMs >= backoff.minMs) return backoff
  throw new PikoError('invalid-option', 'backoff: minMs must be above 0, maxMs not below minMs')
}

function calledOff(signal: AbortSignal | undefined): PikoError {
  return new PikoError('aborted', undefined, { cause: signal?.reason })
}
