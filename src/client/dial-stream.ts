import { HALF_CLOSE_FIELD, WebSocketStream } from '../net/websocket-stream.ts'
import type { Stream } from '../yamux/stream.ts'
import { connect } from './connect.ts'
import type { ConnectTarget } from './connect.ts'
import { dialUrl } from './piko-url.ts'

export interface DialTarget extends ConnectTarget {
  /** The server's proxy port, `http://localhost:8000`; a path in it is kept. */
  readonly url: string
  readonly endpointId: string
}

/**
 * Opens a TCP connection to an endpoint: what `dial` and `piko forward` rest on. Each direction has
 * its own end if the server knows half-close; with a deployed one the end of one direction is the
 * end of both. Rejects with a PikoError.
 */
export async function dialStream(
  { url, endpointId, ...target }: DialTarget,
  signal: AbortSignal,
): Promise<Stream> {
  let halfCloses = false
  const transport = await connect(dialUrl(url, endpointId), target, {
    signal,
    fields: { [HALF_CLOSE_FIELD]: 'true' },
    answered: (fields) => {
      halfCloses = fields[HALF_CLOSE_FIELD] === 'true'
    },
  })
  return new WebSocketStream(transport, { halfCloses })
}
