import { orFile } from '../../config/file-fields.ts'
import { bytes, duration, flag, integer } from '../../config/number-fields.ts'
import { list, section } from '../../config/section.ts'
import type { ConfigOf } from '../../config/section.ts'
import { address, secret, text } from '../../config/text-fields.ts'

export const clusterSection = section(
  {
    nodeId: text({
      basic: true,
      help: 'Name of the node, unique in the cluster. Random when empty.',
    }),
    nodeIdPrefix: text({ help: 'Put in front of a random node id, such as the name of the host.' }),
    join: list({
      basic: true,
      help:
        'Nodes to join: addresses, or a domain that resolves to the nodes (every one of its ' +
        'addresses is tried, and it is looked up again for ever). The port is optional.',
    }),
    joinTimeoutMs: duration({
      default: '1m',
      required: true,
      help: 'How long a starting node looks for the nodes to join.',
    }),
    abortIfJoinFails: flag({
      default: true,
      help: 'Whether a node that finds none of the nodes to join fails to start.',
    }),
    ...orFile(
      'secret',
      secret({
        basic: true,
        help:
          'Shared by all nodes: encrypts and authenticates everything between them. Without it ' +
          'the gossip port must not be reachable by anybody else.',
      }),
    ),
    previousSecrets: list({
      of: secret({ help: 'A secret.' }),
      help: 'Secrets that are still, or already, accepted while the secret is being replaced.',
    }),
    gossip: section({
      bindAddr: address({ default: ':8003', help: 'Address that nodes connect to, UDP and TCP.' }),
      advertiseAddr: address({
        help: 'Address that other nodes are told to use. Inferred when empty.',
      }),
      intervalMs: duration({ default: '100ms', min: '10ms', help: 'How often the node gossips.' }),
      maxPacketSize: bytes({
        default: 1_400,
        min: 1_200,
        max: 65_000,
        help: 'Largest datagram sent.',
      }),
      maxConnections: integer({
        default: 1_024,
        min: 1,
        help: 'Connections of other nodes at once, and of strangers who pretend to be one.',
      }),
      maxStrangerPackets: integer({
        default: 2_000,
        min: 1,
        help:
          'Datagrams a second that are looked at whoever sends them; above that, only those from ' +
          'addresses of known nodes.',
      }),
    }),
  },
  { help: 'How nodes find each other and share what endpoints they serve.' },
)

export type ClusterConfig = ConfigOf<typeof clusterSection>
