import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { publicJwk } from './token-keys.ts'
import type { SigningKey } from './token-keys.ts'

/** A server of key sets that does what it is told next; counts what it is asked. */
export class KeyServer {
  url = new URL('http://127.0.0.1')
  asked = 0
  answer: RequestListener = () => {}

  static async start(): Promise<KeyServer> {
    const keyServer = new KeyServer()
    const server = createServer((request, response) => {
      keyServer.asked += 1
      keyServer.answer(request, response)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    keyServer.url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`)
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    return keyServer
  }

  /** Serves these keys, each under its name. */
  serve(keys: Readonly<Record<string, SigningKey>>): void {
    const set = Object.entries(keys).map(([kid, key]) => publicJwk(key, { kid, use: 'sig' }))
    this.say(JSON.stringify({ keys: set }))
  }

  say(body: string, status = 200): void {
    this.answer = (_request, response) => response.writeHead(status).end(body)
  }
}
