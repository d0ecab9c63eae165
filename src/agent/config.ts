import { duration, flag, integer } from '../config/number-fields.ts'
import { items, section } from '../config/section.ts'
import type { ConfigOf } from '../config/section.ts'
import { CONNECTIONS } from '../client/tunnel-group.ts'
import { address, choice, text, url } from '../config/text-fields.ts'
import { accessLogSection, connectionLogSection } from '../log/access-log-config.ts'
import { logSection } from '../log/config.ts'
import { connectFields } from '../net/connect-fields.ts'
import { streamSection } from '../net/stream-section.ts'
import { clientTlsSection } from '../net/tls-sections.ts'
import {
  isTcpServiceAddress,
  parseServiceAddress,
  SERVICE_ADDRESS_FORMS,
} from './service-address.ts'

/** How requests reach the service; common to the flags of `agent http` and to YAML listeners. */
export const httpClientSection = section({
  keepAliveTimeoutMs: duration({
    default: '30s',
    help: 'Interval of TCP keep-alive probes on connections to the service. 0 turns them off.',
  }),
  idleConnTimeoutMs: duration({
    default: '90s',
    help: 'How long a connection to the service is kept for the next request.',
  }),
  maxIdleConns: integer({
    default: 1_000,
    min: -1,
    help: 'How many idle connections are kept; -1 is unlimited.',
  }),
  disableCompression: flag({
    help:
      'Accepted as in the deployed Piko. Piko never asks a service for compression by itself: ' +
      'Accept-Encoding is the client’s.',
  }),
})

const listenerFields = {
  timeoutMs: duration({
    basic: true,
    default: '10s',
    required: true,
    help:
      'How long the service may take to begin its answer; the client then gets a 504. Counts ' +
      'from the last byte of the request that came.',
  }),
  accessLog: accessLogSection,
  httpClient: httpClientSection,
  tls: clientTlsSection('an https service'),
}

const listenerSection = section(
  {
    endpointId: text({ required: true, help: 'Endpoint to register.' }),
    addr: text({
      required: true,
      help: `Service to forward to: ${SERVICE_ADDRESS_FORMS}. URLs are for HTTP only.`,
      check: (addr) => (parseServiceAddress(addr) === undefined ? 'invalid addr' : undefined),
    }),
    protocol: choice(['http', 'tcp'], {
      default: 'http',
      help: 'What the service speaks. Of tcp any protocol will do: its bytes are carried as such.',
    }),
    ...listenerFields,
  },
  {
    *check({ protocol, addr }) {
      if (protocol === 'tcp' && !isTcpServiceAddress(addr)) {
        yield { at: 'addr', text: 'invalid addr' }
      }
    },
  },
)

const connectSection = section(
  {
    url: url({
      basic: true,
      default: 'http://localhost:8001',
      required: true,
      help: 'Upstream port of a Piko node, or of the load balancer in front of the nodes.',
    }),
    ...connectFields('The agent tries again for ever.'),
    tenantId: text({ basic: true, help: 'Tenant to register the endpoints for.' }),
    connections: integer({
      default: CONNECTIONS,
      min: 1,
      max: 16,
      help:
        'How many tunnels each listener holds, each to another node, so that the death of a node ' +
        'costs no more than what was on it. At most as many as the cluster has nodes; one to a ' +
        'server that does not say which node it is, such as the deployed Piko.',
    }),
  },
  { help: 'How the agent connects to Piko.' },
)

const programFields = {
  connect: connectSection,
  server: section(
    {
      enabled: flag({ basic: true, help: 'Whether to serve metrics.' }),
      bindAddr: address({ default: ':5000', help: 'Address to serve /metrics at.' }),
    },
    { help: 'The agent’s own port, for Prometheus.' },
  ),
  log: logSection,
  stream: streamSection,
  gracePeriodMs: duration({
    default: '1m',
    required: true,
    reload: true,
    help: 'How long requests under way may take to finish when the agent shuts down.',
  }),
}

/** `piko agent start`: everything, listeners from YAML. */
export const agentConfig = section(
  {
    listeners: items(listenerSection, {
      help: 'Endpoints to register and the services behind them.',
      called: { noun: 'listener', by: 'endpoint_id' },
      reload: true,
    }),
    ...programFields,
  },
  {
    *check({ listeners }) {
      if (listeners.length === 0) yield 'no listeners configured'
    },
  },
)

/** `piko agent http`: one listener, named by arguments; its settings are flags of their own. */
export const agentHttpConfig = section({ ...listenerFields, ...programFields })

/** `piko agent tcp`: the same for a TCP service. */
export const agentTcpConfig = section({
  timeoutMs: duration({
    basic: true,
    default: '10s',
    required: true,
    help: 'How long the service may take to accept a connection. Open ones have no limit.',
  }),
  accessLog: connectionLogSection,
  ...programFields,
})

type AgentFile = ConfigOf<typeof agentConfig>
type FileListener = AgentFile['listeners'][number]

export type HttpListenerConfig = FileListener & { readonly protocol: 'http' }
export type TcpListenerConfig = Pick<FileListener, 'endpointId' | 'addr' | 'timeoutMs'> & {
  readonly protocol: 'tcp'
  readonly accessLog: ConfigOf<typeof connectionLogSection>
}
export type ListenerConfig = HttpListenerConfig | TcpListenerConfig
export type AgentConfig = Omit<AgentFile, 'listeners'> & {
  readonly listeners: readonly ListenerConfig[]
}
export type AgentHttpConfig = ConfigOf<typeof agentHttpConfig>
export type AgentTcpConfig = ConfigOf<typeof agentTcpConfig>
export type ConnectConfig = AgentConfig['connect']
