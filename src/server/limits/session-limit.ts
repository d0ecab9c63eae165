import { WebSocketError } from '../../net/websocket-error.ts'
import type { YamuxError } from '../../yamux/errors.ts'
import type { ExceededLimits, Limit } from './exceeded-limits.ts'

/** Counts the limit that a session or a stream was ended for, if that was one. */
export function noteSessionLimit(exceeded: ExceededLimits, error: YamuxError, peer = ''): void {
  const limit = sessionLimit(error)
  if (limit !== undefined) exceeded.note(limit, peer)
}

function sessionLimit(error: YamuxError): Limit | undefined {
  switch (error.code) {
    case 'flood':
      return 'flood'
    case 'peer-stalled':
      return 'unsent_bytes'
    case 'held-too-much':
      return 'upstream.limits.max_buffered_bytes'
    case 'budget-spent':
      return 'limits.max_buffered_bytes'
    case 'connection-lost':
      return isTooBig(error.cause) ? 'upstream.limits.max_message_bytes' : undefined
    default:
      return undefined
  }
}

function isTooBig(cause: unknown): boolean {
  return cause instanceof WebSocketError && cause.code === 'message-too-big'
}
