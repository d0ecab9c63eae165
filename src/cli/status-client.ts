import { CodedError, describeError, errorCode, toError } from '../std/errors.ts'
import { formatDuration } from '../std/duration.ts'
import { loadClientTls } from '../net/client-tls-files.ts'
import { inPlace } from '../net/tls-error.ts'
import { explainTlsFailure } from '../net/tls-failure.ts'
import { requestAdmin } from './admin-request.ts'
import type { AdminAnswer } from './admin-request.ts'
import type { StatusConfig } from './status-config.ts'

const TIMEOUT_MS = 15_000

/** A node did not give the status that was asked for; the message says what to look at. */
export class StatusError extends CodedError<'request'> {
  override readonly name = 'StatusError'

  constructor(what: string, reason: string, options?: ErrorOptions) {
    super('request', `failed to get ${what}: request: ${reason}`, options)
  }
}

/** What is asked of an admin port. */
export interface StatusQuestion {
  /** In words, for errors: `cluster nodes`. */
  readonly what: string
  /** Below `/status/`; names in it are percent-encoded. */
  readonly path: string
  /** What a 404 means. */
  readonly notFound?: string
}

/** Asks a node's admin port. Rejects with a StatusError when there is no answer to show. */
export async function askStatus(config: StatusConfig, question: StatusQuestion): Promise<unknown> {
  const { what } = question
  const response = await send(config, question)
  if (response.status !== 200) {
    const hint = response.status === 404 ? explain404(config, question) : ownWords(response.text)
    throw new StatusError(what, `bad status: ${response.status}${hint}`)
  }
  try {
    return JSON.parse(response.text) as unknown
  } catch (cause) {
    const url = config.server.url
    throw new StatusError(what, `${url} is no admin port: its answer is not JSON`, { cause })
  }
}

async function send(
  { server, forward, token, tls }: StatusConfig,
  { what, path }: StatusQuestion,
): Promise<AdminAnswer> {
  const base = server.url.replace(/\/$/, '')
  const url = new URL(`${base}/status/${path}`)
  if (forward !== '') url.searchParams.set('forward', forward)
  const clientTls = inPlace('tls', () => loadClientTls(tls))
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  try {
    return await requestAdmin(url, { token: token.reveal(), tls: clientTls, signal })
  } catch (thrown) {
    const error = toError(thrown)
    const reason = signal.aborted
      ? `${server.url} gave no answer in ${formatDuration(TIMEOUT_MS)}`
      : explainFailure(server.url, error, clientTls.hasCertificate)
    // The text of the cause is shown already; a chain of causes would only repeat it.
    throw new StatusError(what, reason)
  }
}

function explainFailure(url: string, error: Error, hasCertificate: boolean): string {
  const tlsFailure = explainTlsFailure(error, hasCertificate)
  if (tlsFailure !== undefined) return `${url}: ${tlsFailure}`
  switch (codeOf(error)) {
    case 'ECONNREFUSED':
      return (
        `nothing listens at ${url}; ` +
        'check that the node runs, and that --server.url names its admin port'
      )
    case 'ENOTFOUND':
      return `the host of ${url} is unknown; check --server.url`
    default:
      return `${url}: ${describeError(error)}`
  }
}

/** Dialling a name with several addresses gives one error for each of them. */
function codeOf(cause: unknown): string | undefined {
  const [first] = cause instanceof AggregateError ? cause.errors : [cause]
  return errorCode(first)
}

/** What a port says of itself where it answers with an error. */
function ownWords(text: string): string {
  const [, error] = /^\s*{"error":("[^"\\]{1,200}")}\s*$/.exec(text) ?? []
  return error === undefined ? '' : ` (${JSON.parse(error)})`
}

function explain404({ forward }: StatusConfig, { notFound }: StatusQuestion): string {
  const reasons = [
    ...(forward === '' ? [] : [`no node ${JSON.stringify(forward)} to forward to`]),
    ...(notFound === undefined ? [] : [notFound]),
  ]
  return reasons.length === 0 ? '' : ` (${reasons.join(', or ')})`
}
