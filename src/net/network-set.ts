import { BlockList, isIP } from 'node:net'

/** Addresses and networks of both families, and whether an address is among them. */
export class NetworkSet {
  private readonly networks = new BlockList()
  private readonly isEmpty: boolean

  /** `networks` are addresses, or networks as `10.0.0.0/8`; they are valid (see `isNetwork`). */
  constructor(networks: readonly string[]) {
    this.isEmpty = networks.length === 0
    for (const network of networks) {
      const [address = '', prefix] = network.split('/')
      const family = familyOf(address)
      if (prefix === undefined) this.networks.addAddress(address, family)
      else this.networks.addSubnet(address, Number(prefix), family)
    }
  }

  includes(address: string): boolean {
    return !this.isEmpty && this.networks.check(address, familyOf(address))
  }
}

/** Whether `text` is an address or a network in prefix notation. */
export function isNetwork(text: string): boolean {
  const match = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text)
  if (match === null) return false
  const version = isIP(match[1] as string)
  return version !== 0 && Number(match[2] ?? 0) <= (version === 4 ? 32 : 128)
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}
