import { DialError } from '../net/websocket-dial.ts'
import { toError } from '../std/errors.ts'
import { PikoError } from './piko-error.ts'
import type { PikoErrorCode } from './piko-error.ts'

/** What a failed attempt to connect means to the program, whoever failed. */
export function connectError(thrown: unknown): PikoError {
  const error = toError(thrown)
  if (error instanceof PikoError) return error
  if (!(error instanceof DialError))
    return new PikoError('unreachable', undefined, { cause: error })
  const { status } = error
  return new PikoError(codeOf(error), error.message, { status, cause: error.cause })
}

function codeOf({ code, status }: DialError): PikoErrorCode {
  if (code === 'status') return STATUS_CODES.get(status) ?? 'rejected'
  return CODES[code]
}

const CODES = {
  aborted: 'aborted',
  proxy: 'proxy-refused',
  network: 'unreachable',
} as const

/**
 * After those that are retryable a client tries again; all others are final, as to the deployed
 * Piko's client.
 */
const STATUS_CODES: ReadonlyMap<number | undefined, PikoErrorCode> = new Map([
  [401, 'unauthorized'],
  [502, 'no-upstream'],
  [408, 'unavailable'],
  [429, 'unavailable'],
  [500, 'unavailable'],
  [503, 'unavailable'],
  [504, 'unavailable'],
])
