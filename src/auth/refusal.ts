import type { Answer } from '../net/answer.ts'

/** Why somebody is not let in; the label of `piko_auth_refusals_total`. */
export type RefusalReason =
  | 'missing-authorization'
  | 'invalid-authorization'
  | 'unsupported-auth-type'
  | 'invalid-token'
  | 'expired-token'
  | 'unknown-tenant'
  | 'endpoint-not-permitted'
  | 'unavailable'

/** What each is answered with: status and text are a contract (compatibility, §1.3). */
export const REFUSALS = {
  'missing-authorization': unauthorized('missing authorization'),
  'invalid-authorization': unauthorized('invalid authorization'),
  'unsupported-auth-type': unauthorized('unsupported auth type'),
  'invalid-token': unauthorized('invalid token'),
  'expired-token': unauthorized('expired token'),
  'unknown-tenant': unauthorized('unknown tenant'),
  'endpoint-not-permitted': unauthorized('endpoint not permitted'),
  // No fault of the token: listeners try again after a 500, and give up after a 401.
  unavailable: { status: 500, error: '', kind: 'empty' },
} as const satisfies Record<RefusalReason, Answer>

function unauthorized(error: string) {
  return { status: 401, error, kind: 'request' } as const
}

/** Somebody is not let in. */
export interface Refused {
  readonly refused: RefusalReason
}
