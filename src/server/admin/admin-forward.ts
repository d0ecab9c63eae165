import { request as httpRequest } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { ANSWERS, renderAnswer } from '../../net/answer.ts'
import type { Answer } from '../../net/answer.ts'
import { parseHostPort } from '../../std/host-port.ts'

const TIMEOUT_MS = 15_000

/** Passes an admin request on to another node, which answers it itself: `forward` is taken away. */
export function forwardAdmin(
  request: IncomingMessage,
  response: ServerResponse,
  target: { address: string; path: string },
): void {
  const { host = '', port = 0 } = parseHostPort(target.address) ?? {}
  const outgoing = httpRequest({
    host,
    port,
    method: request.method,
    path: target.path,
    agent: false,
    timeout: TIMEOUT_MS,
  })
  outgoing.on('timeout', () => {
    fail(response, ANSWERS.timeout)
    outgoing.destroy()
  })
  outgoing.on('error', () => fail(response, ANSWERS.unreachable))
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

function fail(response: ServerResponse, answer: Answer): void {
  if (response.headersSent) return
  const { fields, body } = renderAnswer(answer)
  response.writeHead(answer.status, fields)
  response.end(body)
}
