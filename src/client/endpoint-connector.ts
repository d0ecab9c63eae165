import type { Socket } from 'node:net'
import { toError } from '../std/errors.ts'
import { dial } from './dial.ts'
import { endpointOf } from './endpoint-name.ts'
import type { HttpDialOptions } from './endpoint-name.ts'
import { PikoError } from './piko-error.ts'

/** What undici asks a connector for, and how it is told; the connector is all that it needs. */
export type EndpointConnector = (
  target: { readonly hostname: string; readonly protocol: string },
  connected: (...outcome: [null, Socket] | [Error, null]) => void,
) => void

/**
 * Lets `fetch` of undici reach endpoints through Piko. Without `pipelining: 0` undici would send
 * further requests on a connection that an agent closes behind its first answer.
 *
 *     const dispatcher = new Agent({ connect: endpointConnector({ url }), pipelining: 0 })
 *     await fetch('http://my-endpoint/path', { dispatcher })
 */
export function endpointConnector(options: HttpDialOptions = {}): EndpointConnector {
  return ({ hostname, protocol }, connected) => {
    if (protocol !== 'http:') {
      connected(new PikoError('invalid-option', `${protocol} is not dialled; use http:`), null)
      return
    }
    dial(endpointOf(hostname, options), options).then(
      // undici takes any Duplex, whatever its types say.
      (socket) => connected(null, socket as unknown as Socket),
      (error: unknown) => connected(toError(error), null),
    )
  }
}
