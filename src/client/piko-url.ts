import { PikoError } from './piko-error.ts'

/**
 * Where a listener of `endpointId` connects at an upstream port: the route behind whatever path the
 * server's URL has. Throws a PikoError when `serverUrl` is no http(s) or ws(s) URL.
 */
export function listenerUrl(serverUrl: string, endpointId: string): URL {
  return routeUrl(serverUrl, `/piko/v1/upstream/${encodeURIComponent(endpointId)}`)
}

/** Where connections to `endpointId` are opened at a proxy port; throws like `listenerUrl`. */
export function dialUrl(serverUrl: string, endpointId: string): URL {
  return routeUrl(serverUrl, `/_piko/v1/tcp/${encodeURIComponent(endpointId)}`)
}

/** A URL as logs may show it: without the name and password that load balancers may want. */
export function shownUrl(url: string): string {
  return url.replace(/(?<=\/\/)[^/]*@/, '')
}

/** An HTTP proxy's address. Throws a PikoError that shows nothing of it: it may have a password. */
export function parseProxyUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url
  throw new PikoError('invalid-option', 'proxyUrl: is neither an http nor an https URL')
}

function routeUrl(serverUrl: string, path: string): URL {
  const url = URL.canParse(serverUrl) ? new URL(serverUrl) : undefined
  const scheme = url && WEBSOCKET_SCHEMES.get(url.protocol)
  if (url === undefined || scheme === undefined) {
    const shown = shownUrl(serverUrl)
    throw new PikoError('invalid-option', `url: ${shown} is neither an http nor an https URL`)
  }
  url.protocol = scheme
  url.pathname = `${url.pathname.replace(/\/$/, '')}${path}`
  return url
}

const WEBSOCKET_SCHEMES: ReadonlyMap<string, 'ws:' | 'wss:'> = new Map([
  ['http:', 'ws:'],
  ['ws:', 'ws:'],
  ['https:', 'wss:'],
  ['wss:', 'wss:'],
])
