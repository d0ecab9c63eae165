import { onTestFinished } from 'vitest'
import { listen, serve } from '../../src/client/index.ts'
import type { FetchHandler, ListenOptions, Listener } from '../../src/client/index.ts'
import { ENDPOINT, startServer } from './piko.ts'
import type { RunningServer } from './piko.ts'

/** A node for programs that are upstreams by themselves. */
export async function startNode(flags: readonly string[] = [], yaml = '') {
  const node = await startServer(flags, yaml)
  const url = `http://127.0.0.1:${node.addresses.upstream.port}`
  const dialUrl = `http://127.0.0.1:${node.addresses.proxy.port}`
  return { node, url, dialUrl }
}

/** A listener that is gone with the test. */
export async function startListener(url: string, options: ListenOptions = {}): Promise<Listener> {
  return kept(await listen(ENDPOINT, { url, ...options }))
}

/** A fetch handler that is gone with the test. */
export async function startServing(
  url: string,
  handler: FetchHandler,
  options: ListenOptions = {},
): Promise<Listener> {
  return kept(await serve(ENDPOINT, handler, { url, ...options }))
}

/** Asks the endpoint for a path. */
export async function ask(
  node: RunningServer,
  path = '/',
  init: RequestInit = {},
): Promise<Response> {
  const headers = new Headers(init.headers)
  headers.set('x-piko-endpoint', ENDPOINT)
  const url = `http://127.0.0.1:${node.addresses.proxy.port}${path}`
  return fetch(url, { ...init, headers })
}

function kept(listener: Listener): Listener {
  onTestFinished(async () => listener.shutdown())
  return listener
}
