import type { Socket } from 'node:net'
import { errorCode } from '../../std/errors.ts'
import { ANSWERS, answerBytes } from '../../net/answer.ts'
import type { Answer } from '../../net/answer.ts'
import type { Limit } from '../limits/exceeded-limits.ts'
import { closeGently } from '../../net/close-gently.ts'
import { HEAD_TIMEOUT, HEAD_TOO_LARGE } from '../../net/http-port.ts'

/** What node:http refused before it was a request, by its error code. */
function answerFor(error: Error): Answer {
  switch (errorCode(error)) {
    case HEAD_TOO_LARGE:
      return { status: 431, error: 'request head too large', kind: 'request' }
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return { status: 413, error: 'chunk extensions too large', kind: 'request' }
    case HEAD_TIMEOUT:
      return ANSWERS.requestTimeout
    default:
      return { status: 400, error: 'malformed request', kind: 'request' }
  }
}

/** The limit that a client met before it sent a request; undefined when it met none. */
export function limitOf(error: Error): Limit | undefined {
  switch (errorCode(error)) {
    case HEAD_TOO_LARGE:
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return 'proxy.http.max_header_bytes'
    case HEAD_TIMEOUT:
      return 'proxy.http.read_header_timeout'
    default:
      return undefined
  }
}

/** A response that is under way on a socket, as far as it matters here. */
interface Pending {
  readonly headersSent: boolean
  readonly req: { readonly complete: boolean }
  once(event: 'close', listener: () => void): void
}

/**
 * Answers what is no request, and closes: behind a broken one there is no telling what comes. The
 * answer to a good request before it goes out first.
 */
export function answerClientError(error: Error, socket: Socket): void {
  const pending = pendingResponse(socket)
  if (!socket.readable || socket.destroyed) {
    socket.destroy()
  } else if (pending?.req.complete === true) {
    pending.once('close', () => socket.destroySoon())
  } else if (pending?.headersSent === true) {
    socket.destroy()
  } else if (!socket.writableEnded) {
    socket.write(answerBytes(answerFor(error)))
    closeGently(socket)
  }
}

/**
 * The response that is next to go out on a socket. node:http keeps it there, its documentation's
 * own example reads it, and there is no public name for it.
 */
function pendingResponse(socket: Socket): Pending | undefined {
  const { _httpMessage: message } = socket as Socket & { _httpMessage?: Pending | null }
  return message ?? undefined
}
