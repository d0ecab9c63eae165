import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { answerBytes, renderAnswer } from '../../net/answer.ts'
import type { Answer } from '../../net/answer.ts'
import { closeGently, closeGentlyBehindAnswer } from '../../net/close-gently.ts'

/** Behind a request that breaks the rules there is no telling what comes. */
export function answerAndClose(response: ServerResponse, answer: Answer): void {
  const { fields, body } = renderAnswer(answer)
  response.shouldKeepAlive = false
  closeGentlyBehindAnswer(response.req.socket)
  response.writeHead(answer.status, fields)
  response.end(body)
}

/** The same for a request that node:http has given out of its hands, and its socket with it. */
export function refuseSocket(socket: Socket, answer: Answer): void {
  socket.on('error', () => socket.destroy())
  socket.write(answerBytes(answer))
  closeGently(socket)
}
