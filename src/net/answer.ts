import { STATUS_CODES } from 'node:http'

/** An answer that Piko gives itself, in the place of an upstream or a service. */
export interface Answer {
  readonly status: number
  readonly error: string
  /**
   * The deployed Piko makes the first two kinds with different content types and line ends; the
   * third has no body.
   */
  readonly kind: 'gateway' | 'request' | 'empty'
}

/** Status, text and form are a contract with the deployed Piko's clients. */
export const ANSWERS = {
  missingEndpoint: { status: 400, error: 'missing endpoint id', kind: 'request' },
  requestTimeout: { status: 408, error: 'request timeout', kind: 'request' },
  noUpstream: { status: 502, error: 'no available upstreams', kind: 'gateway' },
  unreachable: { status: 502, error: 'upstream unreachable', kind: 'gateway' },
  timeout: { status: 504, error: 'upstream timeout', kind: 'gateway' },
} as const satisfies Record<string, Answer>

export function badRequest(error: string): Answer {
  return { status: 400, error, kind: 'request' }
}

/** The answer's head and body, fields in node's raw form. */
export function renderAnswer(answer: Answer): { fields: string[]; body: string } {
  if (answer.kind === 'empty') return { fields: ['Content-Length', '0'], body: '' }
  const json = JSON.stringify({ error: answer.error })
  const gateway = answer.kind === 'gateway'
  const body = gateway ? `${json}\n` : json
  const fields = ['Content-Type', gateway ? 'application/json' : 'application/json; charset=utf-8']
  if (gateway) fields.push('X-Content-Type-Options', 'nosniff')
  // RFC 9110 §15.5.2: a 401 names the scheme that it wants.
  if (answer.status === 401) fields.push('WWW-Authenticate', 'Bearer')
  fields.push('Content-Length', String(Buffer.byteLength(body)))
  return { fields, body }
}

/** The answer as bytes for a bare socket, which closes behind it. */
export function answerBytes(answer: Answer): string {
  const { fields, body } = renderAnswer(answer)
  fields.push('Connection', 'close')
  let head = `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status]}\r\n`
  for (let i = 0; i < fields.length; i += 2) head += `${fields[i]}: ${fields[i + 1]}\r\n`
  return `${head}\r\n${body}`
}
