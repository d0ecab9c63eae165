import { integer } from '../config/number-fields.ts'
import { list } from '../config/section.ts'
import { text } from '../config/text-fields.ts'
import { isNetwork } from './network-set.ts'

/** Who is not a stranger from the Internet: a load balancer, a gateway, a network of one's own. */
const PRIVATE_NETWORKS = [
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '::1',
  'fc00::/7',
  'fe80::/10',
] as const

/** A list of addresses and networks. */
export const networks = (options: {
  help: string
  default?: readonly string[]
  reload?: boolean
}) =>
  list({
    of: text({
      help: 'An address or a network.',
      check: (network) => (isNetwork(network) ? undefined : 'not an address or a network'),
    }),
    ...options,
  })

/** The settings of a port that bound its connections. */
export const connectionLimitFields = {
  maxConnections: integer({
    default: 65_536,
    min: 0,
    help: 'Connections at once; one more is closed at once. 0 is no limit.',
  }),
  maxConnectionsPerAddress: integer({
    default: 4_096,
    min: 0,
    help: 'Connections at once from one address. 0 is no limit.',
  }),
  exempt: networks({
    default: PRIVATE_NETWORKS,
    help:
      'Addresses and networks that no limit per address is for. Load balancers belong here; ' +
      'private networks do unless the list is set.',
  }),
}
