import { accessLogSection } from '../log/access-log-config.ts'
import { logSection } from '../log/config.ts'
import { bytes, duration, flag, integer, number } from '../config/number-fields.ts'
import { section } from '../config/section.ts'
import type { ConfigOf } from '../config/section.ts'
import { address } from '../config/text-fields.ts'
import { FIELDS_MAX } from '../http1/field-lines.ts'
import { connectionLimitFields, networks } from '../net/connection-limits-config.ts'
import { streamSection } from '../net/stream-section.ts'
import { clientTlsSection, serverTlsSection, unusedClientTlsSection } from '../net/tls-sections.ts'
import { authSection, tenantItems, tenantMistakes } from '../auth/config.ts'
import { clusterSection } from './membership/cluster-config.ts'
import { upstreamLimitsSection } from './upstream/upstream-config.ts'

/** What agents read in one head, less what is added on the way there. */
const RECEIVED_FIELDS_MAX = FIELDS_MAX - 10

const proxySection = section(
  {
    bindAddr: address({ basic: true, default: ':8000', help: 'Address that clients connect to.' }),
    advertiseAddr: address({
      help: 'Address of the port in the status of the cluster. Inferred when empty.',
    }),
    timeoutMs: duration({
      basic: true,
      default: '30s',
      reload: true,
      help:
        'How long an upstream may take to begin its answer; the client then gets a 504. Counts ' +
        'from the last byte of the request that came. What has begun to stream, upgrades and ' +
        'TCP have no limit. 0 turns it off.',
    }),
    holdMs: duration({
      default: '2s',
      max: '1m',
      help:
        'How long a request waits for an endpoint whose last upstream went away no longer ago ' +
        'than this. So many may wait: 256 for an endpoint, 4096 in all. 0 turns it off.',
    }),
    trustedProxies: networks({
      reload: true,
      help:
        'Addresses or networks (10.0.0.0/8) of load balancers in front of Piko. Their ' +
        'X-Forwarded-Host and X-Forwarded-Proto are kept; anybody else’s are replaced.',
    }),
    tls: serverTlsSection(
      unusedClientTlsSection(
        'nodes send requests to each other over the gossip port, and cluster.secret encrypts that',
      ),
    ),
    auth: authSection,
    accessLog: accessLogSection,
    limits: section(
      {
        ...connectionLimitFields,
        floodBanMs: duration({
          default: '10s',
          help:
            'How long an address gets no answer after a head without an end, or more than 20 ' +
            'within a second that were too large or no HTTP; up to eight times as long when it ' +
            'goes on. 0 turns it off.',
        }),
      },
      { help: 'What one who connects can use up. Trusted proxies are exempt, too.' },
    ),
    http: section({
      readTimeoutMs: duration({
        default: '30s',
        reload: true,
        help:
          'How long a client may pause in the middle of a request’s body before the answer has ' +
          'begun; it then gets a 408. A client that waits for its upstream does not pause. 0 ' +
          'turns it off.',
      }),
      readHeaderTimeoutMs: duration({
        default: '10s',
        reload: true,
        help: 'How long a client may take to send the head of a request.',
      }),
      writeTimeoutMs: duration({
        default: '5m',
        reload: true,
        help:
          'How long a client may take nothing of an answer that waits for it; its connection is ' +
          'then cut. 0 turns it off.',
      }),
      idleTimeoutMs: duration({
        default: '5m',
        reload: true,
        help: 'How long a connection may wait for its next request.',
      }),
      maxHeaderBytes: bytes({
        default: 65_536,
        min: 1_024,
        help: 'Largest head of a request or a response; a larger request gets a 431.',
      }),
      maxHeaders: integer({
        default: RECEIVED_FIELDS_MAX,
        min: 1,
        max: RECEIVED_FIELDS_MAX,
        help: 'Header fields of a request; one with more gets a 431.',
      }),
      minBodyRate: bytes({
        default: 0,
        reload: true,
        help:
          'Bytes per second that a body must come at before the answer has begun, over half a ' +
          'minute; a slower one gets a 408. 0 lets streams be as slow as they like.',
      }),
    }),
  },
  { help: 'The port that clients send their requests to.' },
)

const rebalanceSection = section(
  {
    threshold: number({
      default: 0,
      min: 0,
      help:
        'How far above the average of the live nodes this one may be before it sends upstreams ' +
        'to others: 0.2 is a fifth. 0 turns it off.',
    }),
    shedRate: number({
      default: 0.005,
      min: 0,
      max: 1,
      help: 'How many upstreams it sends away each second, as a share of the average.',
    }),
    minConns: integer({
      default: 50,
      min: 0,
      help: 'A node with fewer upstreams than this keeps them.',
    }),
  },
  { help: 'How upstreams are spread over the nodes again after one has joined.' },
)

const upstreamSection = section(
  {
    bindAddr: address({
      basic: true,
      default: ':8001',
      help: 'Address that listeners connect to.',
    }),
    advertiseAddr: address({
      help: 'Accepted as in the deployed Piko; no other node needs the address of this port.',
    }),
    tls: serverTlsSection(unusedClientTlsSection('nodes never connect to this port')),
    limits: upstreamLimitsSection,
    auth: authSection,
    tenants: tenantItems,
    tenantNamespaces: flag({
      default: true,
      help:
        'Whether each tenant has endpoints of its own. Turned off, all share one set of names, ' +
        'as in the deployed Piko: a tenant can then register for the endpoint of another.',
    }),
    rebalance: rebalanceSection,
  },
  {
    help: 'The port that agents and SDK programs open their tunnels to.',
    check: ({ tenants }) => tenantMistakes(tenants),
  },
)

const adminSection = section(
  {
    bindAddr: address({
      basic: true,
      default: ':8002',
      help: 'Address of health, readiness, metrics and status.',
    }),
    advertiseAddr: address({
      help: 'Address that other nodes forward status requests to. Inferred when empty.',
    }),
    tls: serverTlsSection(clientTlsSection('the admin ports of other nodes')),
    auth: authSection,
    openMetrics: flag({ help: 'Whether /metrics asks for no token. /health and /ready never do.' }),
    limits: section(connectionLimitFields, { help: 'What one who connects can use up.' }),
  },
  { help: 'The port for operators. Keep it private.' },
)

const shutdownSection = section(
  {
    delayMs: duration({
      default: '10s',
      reload: true,
      help:
        'How long a node that was told to stop goes on serving while it says that it is not ' +
        'ready, so that load balancers send nothing more when it closes its ports. At most half ' +
        'of the grace period. A node that knows no other live node does not wait.',
    }),
  },
  { help: 'How a node leaves.' },
)

const limitsSection = section(
  {
    maxBufferedBytes: bytes({
      default: '512MiB',
      min: 1_048_576,
      help:
        'What answers may occupy on the whole node while clients do not read them. Near it, ' +
        'streams that hold more than 64 KiB are reset first.',
    }),
  },
  { help: 'Bounds of the whole node.' },
)

/** Everything that `piko server` can be told. */
export const serverConfig = section({
  cluster: clusterSection,
  proxy: proxySection,
  upstream: upstreamSection,
  admin: adminSection,
  limits: limitsSection,
  log: logSection,
  stream: streamSection,
  shutdown: shutdownSection,
  gracePeriodMs: duration({
    basic: true,
    default: '1m',
    required: true,
    reload: true,
    help:
      'How long a node that was told to stop may take, its shutdown.delay included, until ' +
      'requests under way are cut.',
  }),
})

export type ServerConfig = ConfigOf<typeof serverConfig>
export type ProxyConfig = ServerConfig['proxy']
