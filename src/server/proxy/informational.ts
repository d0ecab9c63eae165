import type { ServerResponse } from 'node:http'
import type { ResponseHead } from '../../http1/head-parser.ts'
import { formatResponseHead } from '../../http1/head-writer.ts'
import { withoutHopByHop } from '../../http1/hop-by-hop.ts'

/**
 * Passes a 1xx on to the client (RFC 9110 §15.2). HTTP/1.0 knows none, and one that comes after the
 * answer began means nothing any more.
 */
export function passInformational(response: ServerResponse, head: ResponseHead): void {
  if (response.req.httpVersionMinor === 0 || response.headersSent) return
  if (head.status === 100) return response.writeContinue()
  const bytes = formatResponseHead({ ...head, fields: withoutHopByHop(head.fields) })
  // A pipelined request waits for its turn: until then its response has no socket.
  if (response.socket !== null) response.socket.write(bytes, 'latin1')
  else response.once('socket', (socket) => socket.write(bytes, 'latin1'))
}
