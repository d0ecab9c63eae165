import { isIdempotent } from '../../http1/idempotent.ts'
import { isDialFailure } from '../../net/dial-failure.ts'
import type { YamuxError, YamuxErrorCode } from '../../yamux/errors.ts'
import type { EdgeRequest } from './edge-request.ts'

/** Nobody has acted on a stream that ended so. */
const UNTOUCHED: ReadonlySet<YamuxErrorCode> = new Set(['refused', 'declined'])

/**
 * Whether a request that failed before any byte of an answer may go to another upstream: surely
 * nobody acted on it, or it does no harm if somebody did. What an upstream may have acted on is
 * otherwise never sent twice.
 */
export function maySendAgain({ method }: EdgeRequest, error: YamuxError): boolean {
  return UNTOUCHED.has(error.code) || isDialFailure(error) || isIdempotent(method)
}
