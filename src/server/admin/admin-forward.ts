import { request as requestHttp } from 'node:http'
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Logger } from '../../log/logger.ts'
import { ANSWERS, renderAnswer } from '../../net/answer.ts'
import type { Answer } from '../../net/answer.ts'
import type { ClientTls } from '../../net/client-tls.ts'
import { explainTlsFailure } from '../../net/tls-failure.ts'
import { describeError } from '../../std/errors.ts'
import { parseHostPort } from '../../std/host-port.ts'

const TIMEOUT_MS = 15_000

/** The admin port of another node, as that node told it, and what is asked of it. */
export interface ForwardTarget {
  readonly address: string
  readonly tls: boolean
  readonly path: string
}

/**
 * Passes admin requests on to other nodes of the cluster. Those answer themselves: `forward` is
 * taken away from what is asked, so that nothing goes round in circles.
 */
export class AdminForwarder {
  private readonly logger: Logger
  private readonly clientTls: () => ClientTls

  /** `clientTls` is for nodes whose admin port speaks TLS. */
  constructor(logger: Logger, clientTls: () => ClientTls) {
    this.logger = logger
    this.clientTls = clientTls
  }

  forward(request: IncomingMessage, response: ServerResponse, target: ForwardTarget): void {
    const tls = target.tls ? this.clientTls() : undefined
    const outgoing = outgoingRequest(request, target, tls)
    outgoing.on('timeout', () => {
      fail(response, ANSWERS.timeout)
      outgoing.destroy()
    })
    outgoing.on('error', (error) => {
      // Somebody who asked has gone.
      if (response.destroyed) return
      const failure = explainTlsFailure(error, tls?.hasCertificate ?? false)
      const about = { address: target.address, reason: failure ?? describeError(error) }
      this.logger.warn('could not forward to the admin port of another node', about)
      fail(response, ANSWERS.unreachable)
    })
    outgoing.on('response', (incoming) => {
      const { statusCode = 502, headers } = incoming
      const type = headers['content-type']
      response.writeHead(statusCode, type === undefined ? {} : { 'content-type': type })
      incoming.pipe(response)
      incoming.on('error', () => response.destroy())
    })
    response.once('close', () => outgoing.destroy())
    outgoing.end()
  }
}

function outgoingRequest(
  asked: IncomingMessage,
  { address, path }: ForwardTarget,
  tls: ClientTls | undefined,
): ClientRequest {
  const { host = '', port = 0 } = parseHostPort(address) ?? {}
  const options = {
    host,
    port,
    method: asked.method,
    path,
    headers: credentialsOf(asked),
    agent: false,
    timeout: TIMEOUT_MS,
  } as const
  if (tls === undefined) return requestHttp(options)
  return requestHttps({ ...options, ...tls.connectOptions(host) })
}

function fail(response: ServerResponse, answer: Answer): void {
  if (response.headersSent) return
  const { fields, body } = renderAnswer(answer)
  response.writeHead(answer.status, fields)
  response.end(body)
}

/** The other node asks for a token as well, and is asked by whom this one let in. */
function credentialsOf({ headers }: IncomingMessage): Record<string, string> {
  const { authorization, 'x-piko-authorization': own } = headers
  return {
    ...(authorization !== undefined && { authorization }),
    ...(typeof own === 'string' && { 'x-piko-authorization': own }),
  }
}
