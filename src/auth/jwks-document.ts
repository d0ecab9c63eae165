import type { JsonWebKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describeError } from '../std/errors.ts'
import { keyOfJwk } from './verification-key.ts'
import type { VerificationKey } from './verification-key.ts'

/** Real sets are a few kilobytes; who sends more means no good. */
const DOCUMENT_BYTES_MAX = 256 * 1024
const KEYS_MAX = 100

/**
 * Reads the text of a key set from an http, https or file URL. Rejects with an Error that says what
 * is wrong in words for a log, and holds nothing of the answer.
 */
export async function readJwks(url: URL, timeoutMs: number): Promise<string> {
  if (url.protocol === 'file:') return readFile(fileURLToPath(url), 'utf8')
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    // A redirect could lead anywhere, to plain http for one; the operator names the address.
    const response = await fetch(url, { signal, redirect: 'manual' })
    if (response.status !== 200) throw new Error(`it answers with status ${response.status}`)
    return await limitedText(response)
  } catch (error) {
    if (signal.aborted) throw new Error('it takes too long to answer', { cause: error })
    throw error
  }
}

async function limitedText({ body }: Response): Promise<string> {
  const pieces: Uint8Array[] = []
  let byteLength = 0
  for await (const piece of (body ?? []) as AsyncIterable<Uint8Array>) {
    byteLength += piece.length
    if (byteLength > DOCUMENT_BYTES_MAX) throw new Error('its answer is too large')
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

/**
 * The usable keys of a key set (RFC 7517 §5). Members of other kinds are passed over; throws an
 * Error when none is left.
 */
export function parseJwks(text: string): readonly VerificationKey[] {
  const members = membersOf(text)
  if (members.length > KEYS_MAX) throw new Error(`it has more than ${KEYS_MAX} keys`)
  const keys = members.flatMap((member) => {
    const isObject = typeof member === 'object' && member !== null
    const key = isObject ? keyOfJwk(member as JsonWebKey) : undefined
    return key === undefined ? [] : [key]
  })
  if (keys.length === 0) throw new Error('none of its keys can verify signatures')
  return keys
}

function membersOf(text: string): readonly unknown[] {
  const document = parseJson(text)
  if (typeof document !== 'object' || document === null || !('keys' in document)) {
    throw new Error('it is no key set')
  }
  if (!Array.isArray(document.keys)) throw new Error('it is no key set')
  return document.keys
}

/** Without the parser's message, which quotes the text. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error('it is not JSON')
  }
}

/** In one line: an error of fetch hides what happened in its cause. */
export function explainJwksFailure(error: unknown): string {
  const cause = error instanceof TypeError && error.cause !== undefined ? error.cause : error
  return describeError(cause)
}
