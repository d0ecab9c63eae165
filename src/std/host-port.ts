/** A place to listen on or dial. `host` is a name or an IP without brackets; '' means any. */
export interface HostPort {
  readonly host: string
  readonly port: number
}

/**
 * Reads `host:port`, `:port`, `1.2.3.4:port` or `[::1]:port`; undefined when `text` is none of
 * them. Ports are 0 to 65535.
 */
export function parseHostPort(text: string): HostPort | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s/]*)):(\d{1,5})$/.exec(text)
  if (match === null) return undefined
  const port = parsePort(match[3] as string)
  if (port === undefined) return undefined
  return { host: match[1] ?? match[2] ?? '', port }
}

/** Reads a decimal port, 0 to 65535. */
export function parsePort(text: string): number | undefined {
  if (!/^\d{1,5}$/.test(text)) return undefined
  const port = Number(text)
  return port <= 65_535 ? port : undefined
}

export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Whether `host` is an IPv4 address, or an IPv6 one with or without brackets. */
export function isIpAddress(host: string): boolean {
  return isIpv4(host) || /^\[?[0-9a-fA-F]*:[0-9a-fA-F:.]*\]?$/.test(host)
}

function isIpv4(host: string): boolean {
  const parts = host.split('.')
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)
}
