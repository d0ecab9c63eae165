/**
 * Where a listener of `endpointId` connects at a server: the route behind whatever path the
 * server's URL has. Throws a TypeError when `serverUrl` is no http(s) or ws(s) URL.
 */
export function listenerUrl(serverUrl: string, endpointId: string): URL {
  const url = new URL(serverUrl)
  url.protocol = webSocketScheme(url)
  const base = url.pathname.replace(/\/$/, '')
  url.pathname = `${base}/piko/v1/upstream/${encodeURIComponent(endpointId)}`
  return url
}

function webSocketScheme({ protocol, href }: URL): string {
  switch (protocol) {
    case 'http:':
    case 'ws:':
      return 'ws:'
    case 'https:':
    case 'wss:':
      return 'wss:'
    default:
      throw new TypeError(`${href} is neither an http nor an https URL`)
  }
}

/** Answers after which a client tries again; all others are final (wire.md, Tunnel). */
const RETRYABLE_STATUSES: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504])

export function isRetryableStatus(status: number): boolean {
  return RETRYABLE_STATUSES.has(status)
}
