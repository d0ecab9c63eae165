import type { Duplex } from 'node:stream'
import { describeError, errorCode } from '../std/errors.ts'
import type { Stream } from '../yamux/stream.ts'
import type { DialOptions } from './connect-options.ts'
import { calledOff, connectTarget } from './connect-target.ts'
import { dialStream } from './dial-stream.ts'
import { shownUrl } from './piko-url.ts'
import { StreamDuplex } from './stream-duplex.ts'

const DEFAULT_URL = 'http://localhost:8000'

/**
 * Opens a TCP connection to `endpoint`, as `net.connect` does to a host. Half-closed directions
 * stay open with `allowHalfOpen`; a server of the deployed Piko closes both directions at once.
 * Rejects with a PikoError: `no-upstream` where nobody serves the endpoint, `unauthorized`, …
 *
 *     const connection = await dial('my-redis', { url: 'https://piko.example.com:8000' })
 *     connection.write('PING\r\n')
 */
export async function dial(endpoint: string, options: DialOptions = {}): Promise<Duplex> {
  const { url = DEFAULT_URL, signal, logger, allowHalfOpen } = options
  const target = { ...connectTarget(endpoint, options), url }
  const about = { 'endpoint-id': endpoint, url: shownUrl(url) }
  try {
    const stream = await dialStream(target, signal ?? new AbortController().signal)
    logger?.debug('dialled', about)
    return endedBy(signal, new DialledDuplex(stream, allowHalfOpen))
  } catch (error) {
    const failure = { reason: describeError(error), code: errorCode(error) }
    logger?.debug('could not be dialled', { ...about, ...failure })
    throw error
  }
}

function endedBy<T extends Duplex>(signal: AbortSignal | undefined, connection: T): T {
  if (signal === undefined) return connection
  const abort = (): void => void connection.destroy(calledOff(signal))
  signal.addEventListener('abort', abort, { once: true })
  connection.once('close', () => signal.removeEventListener('abort', abort))
  if (signal.aborted) abort()
  return connection
}

/** A connection that clients take in the place of a `net.Socket` that they connect themselves. */
class DialledDuplex extends StreamDuplex {
  constructor(stream: Stream, allowHalfOpen: boolean | undefined) {
    super(stream, { allowHalfOpen })
  }

  /** It is connected already: says so to whoever asks for it, as the clients of databases do. */
  connect(): this {
    process.nextTick(() => this.emit('connect'))
    return this
  }
}
