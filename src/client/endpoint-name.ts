import type { DialOptions } from './connect-options.ts'

/** How HTTP clients find an endpoint. */
export interface HttpDialOptions extends DialOptions {
  /** The endpoint of all requests. Default: the first label of each request's host name. */
  readonly endpoint?: string
}

/**
 * The endpoint of a request to a host: `my-endpoint` and `my-endpoint.example` name the same, as
 * they do at a node's proxy port.
 */
export function endpointOf(host: string, { endpoint }: HttpDialOptions): string {
  return endpoint ?? (host.split('.', 1)[0] as string)
}
