import { parseHostPort, parsePort } from '../std/host-port.ts'
import type { HostPort } from '../std/host-port.ts'

/** For help and error messages. */
export const SERVICE_ADDRESS_FORMS = 'a port (3000), host:port, or an http(s) URL'

/** For what is not HTTP. */
export const TCP_SERVICE_ADDRESS_FORMS = 'a port (6379) or host:port'

/** Where a service is and how it is spoken to. */
export interface ServiceAddress extends HostPort {
  readonly tls: boolean
  /** What a URL has in front of every request's path, without a slash at its end. */
  readonly basePath: string
}

/** Reads one of the SERVICE_ADDRESS_FORMS; undefined when `addr` is none of them. */
export function parseServiceAddress(addr: string): ServiceAddress | undefined {
  const port = parsePort(addr)
  if (port !== undefined) return { host: 'localhost', port, tls: false, basePath: '' }
  const hostPort = parseHostPort(addr)
  if (hostPort !== undefined) {
    return { ...hostPort, host: hostPort.host || 'localhost', tls: false, basePath: '' }
  }
  return /^https?:\/\//i.test(addr) && URL.canParse(addr) ? fromUrl(new URL(addr)) : undefined
}

/** Whether `addr` is one of the TCP_SERVICE_ADDRESS_FORMS. */
export function isTcpServiceAddress(addr: string): boolean {
  return parsePort(addr) !== undefined || parseHostPort(addr) !== undefined
}

function fromUrl({ protocol, hostname, port, pathname }: URL): ServiceAddress {
  const tls = protocol === 'https:'
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? (tls ? 443 : 80) : Number(port),
    tls,
    basePath: pathname.replace(/\/$/, ''),
  }
}
