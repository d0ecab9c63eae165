import { MuxRuntime } from '../net/mux-conn.ts'
import { RECONNECT_BACKOFF } from '../std/backoff.ts'
import type { BackoffOptions } from '../std/backoff.ts'
import type { ListenOptions } from './connect-options.ts'
import { calledOff, connectTarget } from './connect-target.ts'
import { Listener } from './listener.ts'
import { PikoError } from './piko-error.ts'
import { CONNECTIONS } from './tunnel-group.ts'

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
  const { url = DEFAULT_URL, connections = CONNECTIONS, logger, backoff } = options
  if (!(connections >= 1)) {
    throw new PikoError('invalid-option', 'connections: must be at least 1')
  }
  return {
    ...connectTarget(endpoint, options),
    connections,
    url,
    logger,
    runtime: RUNTIME,
    ...(backoff !== undefined && { backoff: backoffOf(backoff) }),
  }
}

function backoffOf(bounds: NonNullable<ListenOptions['backoff']>): BackoffOptions {
  const backoff = { ...RECONNECT_BACKOFF, ...bounds }
  if (backoff.minMs > 0 && backoff.maxMs >= backoff.minMs) return backoff
  throw new PikoError('invalid-option', 'backoff: minMs must be above 0, maxMs not below minMs')
}
