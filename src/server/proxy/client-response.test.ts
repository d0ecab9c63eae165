import { once } from 'node:events'
import { createServer, get } from 'node:http'
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import type { ResponseHead } from '../../http1/head-parser.ts'
import { TurnFlush } from '../../net/turn-flush.ts'
import { ClientResponse } from './client-response.ts'

const HEAD: ResponseHead = { status: 200, reason: 'OK', minorVersion: 1, fields: [] }
const OWNER = { responding: () => {}, drained: () => {}, responded: () => {} }

/** Requests whose answers are still open. */
async function requested(count: number) {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const responses: ServerResponse[] = []
  const requests: ClientRequest[] = []
  for (let i = 0; i < count; i++) {
    requests.push(get({ host: '127.0.0.1', port, agent: false }).on('error', () => {}))
    const [, response] = (await once(server, 'request')) as [unknown, ServerResponse]
    responses.push(response)
  }
  return { requests, responses }
}

function answerShortly(response: ServerResponse, turn: TurnFlush): void {
  const client = new ClientResponse(response, OWNER, turn)
  client.head(HEAD, { kind: 'length', bytes: 2 })
  client.data(Buffer.from('hi'))
  client.end([])
}

test('short answers leave at the end of their turn', async () => {
  const { requests, responses } = await requested(2)
  const turn = new TurnFlush()
  for (const response of responses) answerShortly(response, turn)
  expect(responses.map(({ writableEnded }) => writableEnded)).toEqual([false, false])
  const answers = requests.map(async (request) => {
    const [message] = (await once(request, 'response')) as [IncomingMessage]
    return (await message.toArray()).join('')
  })
  expect(await Promise.all(answers)).toEqual(['hi', 'hi'])
})

test('a client that goes before the turn ends is in nobody’s way', async () => {
  const { requests, responses } = await requested(2)
  const turn = new TurnFlush()
  for (const response of responses) answerShortly(response, turn)
  const [gone] = responses as [ServerResponse, ServerResponse]
  const closed = once(gone, 'close')
  gone.socket?.destroy()
  const [message] = (await once(requests[1] as ClientRequest, 'response')) as [IncomingMessage]
  expect((await message.toArray()).join('')).toBe('hi')
  await closed
})
