import type { IncomingMessage } from 'node:http'
import { CodedError } from '../std/errors.ts'

/**
 * `network`: no answer, or one that is no WebSocket handshake. `status`: the server answered
 * something else than 101. `proxy`: the HTTP proxy in between did. `aborted`: the dialler called it
 * off.
 */
export type DialErrorCode = 'network' | 'status' | 'proxy' | 'aborted'

/** Why a dial failed; `status` and the server's or the proxy's own words where it answered. */
export class DialError extends CodedError<DialErrorCode> {
  override readonly name = 'DialError'
  readonly status: number | undefined

  constructor(
    code: DialErrorCode,
    message: string,
    options: { status?: number; cause?: unknown } = {},
  ) {
    super(code, message, options)
    this.status = options.status
  }
}

/** An error answer's body is a short JSON object; more of it is not read. */
const ERROR_BODY_BYTES_MAX = 4_096

/** The server's refusal in its own words: `401: invalid token`. */
export async function refusal(response: IncomingMessage): Promise<DialError> {
  const status = response.statusCode as number
  let body = ''
  try {
    for await (const chunk of response.setEncoding('utf8')) {
      body += chunk as string
      if (body.length > ERROR_BODY_BYTES_MAX) break
    }
  } catch (cause) {
    return new DialError('status', `${status}`, { status, cause })
  }
  return new DialError('status', `${status}: ${errorText(body) ?? response.statusMessage}`, {
    status,
  })
}

function errorText(body: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(body)
    if (typeof parsed !== 'object' || parsed === null || !('error' in parsed)) return undefined
    return typeof parsed.error === 'string' ? parsed.error : undefined
  } catch {
    return undefined
  }
}
