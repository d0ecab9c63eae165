import { BlockList, isIP } from 'node:net'

/**
 * Whether `url` is to be reached without a proxy, by a list as the environment variable NO_PROXY
 * has it: `*`, or names, addresses and networks with commas between them. A name covers what is
 * below it, one with a dot in front nothing else; a port narrows an entry down to itself. Source:
 * golang.org/x/net/http/httpproxy, which the deployed Piko's environment is written for.
 */
export function bypassesProxy(url: URL, list: string | undefined): boolean {
  if (list === undefined) return false
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase()
  const port = url.port === '' ? DEFAULT_PORTS[url.protocol] : url.port
  return list
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry !== '' && covers(entry, host, port))
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = {
  'http:': '80',
  'ws:': '80',
  'https:': '443',
  'wss:': '443',
}

function covers(entry: string, host: string, port: string | undefined): boolean {
  if (entry === '*') return true
  if (entry.includes('/')) return isInNetwork(host, entry)
  const [name, entryPort] = splitPort(entry)
  if (entryPort !== undefined && entryPort !== port) return false
  if (isIP(host) !== 0) return name === host
  const domain = name.replace(/^\*(?=\.)/, '')
  if (domain.startsWith('.')) return host.endsWith(domain)
  return host === domain || host.endsWith(`.${domain}`)
}

/** `name:port`, `[::1]:port`, or either without the port. */
function splitPort(entry: string): [name: string, port: string | undefined] {
  const bracketed = /^\[(.*)\](?::(\d+))?$/.exec(entry)
  if (bracketed !== null) return [bracketed[1] as string, bracketed[2]]
  if (isIP(entry) === 6) return [entry, undefined]
  const match = /^(.*):(\d+)$/.exec(entry)
  return match === null ? [entry, undefined] : [match[1] as string, match[2]]
}

function isInNetwork(host: string, network: string): boolean {
  const [address = '', bits = ''] = network.split('/')
  const family = isIP(address)
  if (family === 0 || family !== isIP(host) || !/^\d{1,3}$/.test(bits)) return false
  if (Number(bits) > (family === 4 ? 32 : 128)) return false
  const name = family === 4 ? 'ipv4' : 'ipv6'
  const networks = new BlockList()
  networks.addSubnet(address, Number(bits), name)
  return networks.check(host, name)
}
