import { Agent } from 'node:http'
import type { ClientRequestArgs } from 'node:http'
import type { Duplex } from 'node:stream'
import { toError } from '../std/errors.ts'
import { dial } from './dial.ts'
import { endpointOf } from './endpoint-name.ts'
import type { HttpDialOptions } from './endpoint-name.ts'

/**
 * An agent of `node:http` whose requests reach endpoints through Piko:
 *
 *     http.get('http://my-endpoint/path', { agent: new EndpointAgent({ url }) })
 *
 * Each request has a connection of its own, as requests that come to a node's proxy port do.
 */
export class EndpointAgent extends Agent {
  private readonly dialOptions: HttpDialOptions

  constructor(options: HttpDialOptions = {}) {
    super({ keepAlive: false })
    this.dialOptions = options
  }

  override createConnection(
    { host, hostname }: ClientRequestArgs,
    created?: (error: Error | null, connection: Duplex) => void,
  ): undefined {
    const endpoint = endpointOf(host ?? hostname ?? '', this.dialOptions)
    dial(endpoint, this.dialOptions).then(
      (socket) => created?.(null, socket),
      // Node's types want a connection beside an error; its code looks at the error first.
      (error: unknown) => created?.(toError(error), undefined as unknown as Duplex),
    )
    return undefined
  }
}
