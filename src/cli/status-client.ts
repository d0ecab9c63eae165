import { CodedError, describeError, errorCode, toError } from '../std/errors.ts'
import { formatDuration } from '../std/duration.ts'
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
    const hint = response.status === 404 ? explain404(config, question) : ''
    throw new StatusError(what, `bad status: ${response.status}${hint}`)
  }
  try {
    return await response.json()
  } catch (cause) {
    const url = config.server.url
    throw new StatusError(what, `${url} is no admin port: its answer is not JSON`, { cause })
  }
}

async function send(
  { server, forward }: StatusConfig,
  { what, path }: StatusQuestion,
): Promise<Response> {
  const base = server.url.replace(/\/$/, '')
  const url = new URL(`${base}/status/${path}`)
  if (forward !== '') url.searchParams.set('forward', forward)
  try {
    return await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) })
  } catch (cause) {
    // Its text is shown already; a chain of causes would only repeat it.
    throw new StatusError(what, explainFailure(server.url, toError(cause)))
  }
}

function explainFailure(url: string, error: Error): string {
  if (error.name === 'TimeoutError') return `${url} gave no answer in ${formatDuration(TIMEOUT_MS)}`
  switch (codeOf(error.cause)) {
    case 'ECONNREFUSED':
      return (
        `nothing listens at ${url}; ` +
        'check that the node runs, and that --server.url names its admin port'
      )
    case 'ENOTFOUND':
      return `the host of ${url} is unknown; check --server.url`
    default:
      return `${url}: ${describeError(error.cause ?? error)}`
  }
}

/** Dialling a name with several addresses gives one error for each of them. */
function codeOf(cause: unknown): string | undefined {
  const [first] = cause instanceof AggregateError ? cause.errors : [cause]
  return errorCode(first)
}

function explain404({ forward }: StatusConfig, { notFound }: StatusQuestion): string {
  const reasons = [
    ...(forward === '' ? [] : [`no node ${JSON.stringify(forward)} to forward to`]),
    ...(notFound === undefined ? [] : [notFound]),
  ]
  return reasons.length === 0 ? '' : ` (${reasons.join(', or ')})`
}
