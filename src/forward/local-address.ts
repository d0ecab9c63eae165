import { parseHostPort, parsePort } from '../std/host-port.ts'
import type { HostPort } from '../std/host-port.ts'

/** For help and error messages. */
export const LOCAL_ADDRESS_FORMS = 'a port (7000, on this machine only) or host:port'

/**
 * Reads one of the LOCAL_ADDRESS_FORMS; undefined when `addr` is none of them. A mere port is the
 * loopback's: what an endpoint guards is not opened to the network by a slip.
 */
export function parseLocalAddress(addr: string): HostPort | undefined {
  const port = parsePort(addr)
  return port === undefined ? parseHostPort(addr) : { host: '127.0.0.1', port }
}
