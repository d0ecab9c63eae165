import type { Socket } from 'node:net'
import { errorCode } from '../../std/errors.ts'
import { answerBytes } from '../../net/answer.ts'
import type { Answer } from '../../net/answer.ts'

/** What node:http refused before it was a request, by its error code. */
function answerFor(error: Error): Answer {
  switch (errorCode(error)) {
    case 'HPE_HEADER_OVERFLOW':
      return { status: 431, error: 'request head too large', kind: 'request' }
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return { status: 413, error: 'chunk extensions too large', kind: 'request' }
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: 408, error: 'request timeout', kind: 'request' }
    default:
      return { status: 400, error: 'malformed request', kind: 'request' }
  }
}

/** Answers what is no request, and closes: behind a broken one there is no telling what comes. */
export function answerClientError(error: Error, socket: Socket): void {
  if (socket.writable && !hasBegunResponse(socket)) socket.end(answerBytes(answerFor(error)))
  else socket.destroy()
}

/**
 * Whether a response to an earlier part of the same connection is on its way. node:http keeps it
 * on the socket, its documentation's own example reads it, and there is no public name for it.
 */
function hasBegunResponse(socket: Socket): boolean {
  const { _httpMessage: message } = socket as Socket & { _httpMessage?: { headersSent: boolean } }
  return message?.headersSent === true
}
