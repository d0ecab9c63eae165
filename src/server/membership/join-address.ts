import { lookup } from 'node:dns/promises'
import { formatHostPort, isIpAddress, parseHostPort } from '../../std/host-port.ts'

/**
 * The addresses behind what an operator wrote: `10.0.0.1`, `10.0.0.1:8003`, or a domain, which
 * gives all addresses that it resolves to. Rejects when a domain cannot be resolved.
 */
export async function resolveJoinAddress(written: string, defaultPort: number): Promise<string[]> {
  const { host, port } = parseHostPort(written) ?? { host: written, port: defaultPort }
  if (isIpAddress(host)) return [formatHostPort({ host, port })]
  const found = await lookup(host, { all: true })
  return found.map(({ address }) => formatHostPort({ host: address, port }))
}
