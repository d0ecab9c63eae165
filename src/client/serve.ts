import { createServer } from 'node:http'
import type { ListenOptions } from './connect-options.ts'
import { requestListener } from './fetch-handler.ts'
import type { FetchHandler } from './fetch-handler.ts'
import { listen } from './listen.ts'
import type { Listener } from './listener.ts'

/**
 * Registers `endpoint` and answers its requests with a fetch handler, from plain code or a
 * framework that makes one. Resolves and rejects as `listen` does.
 *
 *     await serve('my-endpoint', (request) => new Response(`you asked for ${request.url}`))
 */
export async function serve(
  endpoint: string,
  handler: FetchHandler,
  options: ListenOptions = {},
): Promise<Listener> {
  // Uploads may take as long as they take; the node in front has limits of its own.
  const server = createServer({ requestTimeout: 0 }, requestListener(handler, options.logger))
  const listener = await listen(endpoint, options)
  return listener.serve(server)
}
