import { once } from 'node:events'
import { PikoError } from './piko-error.ts'
import type { TokenSource } from './connect-options.ts'

/** What a field's value may have that is one word (RFC 9110 §5.5): nothing can hide in a token. */
const TOKEN = /^[\x21-\x7e]+$/

export interface TokenPatience {
  /** How long a token function may take. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/**
 * The fields by which a program proves who it is; a token function is asked now. Rejects with a
 * PikoError when it fails, or when the token could not be a field's value.
 */
export async function authorizationFields(
  token: TokenSource | undefined,
  patience: TokenPatience,
): Promise<Record<string, string>> {
  const text = typeof token === 'function' ? await ask(token, patience) : (token ?? '')
  if (text === '') return {}
  // The text stays out of the message: it may be nearly right.
  if (!TOKEN.test(text)) {
    throw new PikoError('invalid-option', 'token: has characters that no token can have')
  }
  return { authorization: `Bearer ${text}` }
}

async function ask(
  token: () => string | Promise<string>,
  { timeoutMs, signal }: TokenPatience,
): Promise<string> {
  const ending = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  try {
    const asked = await Promise.race([token(), once(ending, 'abort')])
    if (typeof asked === 'string') return asked
  } catch (cause) {
    throw new PikoError('token-failed', undefined, { cause })
  }
  if (signal.aborted) throw new PikoError('aborted')
  throw new PikoError('token-failed', `the token function took over ${timeoutMs} ms`)
}
