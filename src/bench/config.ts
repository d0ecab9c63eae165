import { duration, integer } from '../config/number-fields.ts'
import { section } from '../config/section.ts'
import type { ConfigOf } from '../config/section.ts'
import { choice, url } from '../config/text-fields.ts'
import { logSection } from '../log/config.ts'

const connectSection = section(
  {
    proxyUrl: url({
      default: 'http://localhost:8000',
      required: true,
      help: 'Proxy port of a Piko node, or of the load balancer in front of the nodes.',
    }),
    upstreamUrl: url({
      default: 'http://localhost:8001',
      required: true,
      schemes: ['http', 'https', 'ws', 'wss'],
      help: 'Upstream port of a Piko node, or of the load balancer in front of the nodes.',
    }),
    timeoutMs: duration({
      default: '5s',
      required: true,
      help: 'How long all upstreams together may take until requests reach them.',
    }),
  },
  // Files of the deployed Piko call it `server`.
  { aliases: ['server'], help: 'The servers to benchmark.' },
)

/** `piko bench http`. */
export const benchHttpConfig = section({
  requests: integer({ default: 100_000, min: 1, help: 'How many requests to send.' }),
  clients: integer({
    default: 100,
    min: 1,
    help: 'How many clients send them, each on its own connection, one after the other.',
  }),
  endpoints: integer({
    default: 100,
    min: 1,
    help: 'Among how many endpoints they choose. Not more than there are upstreams.',
  }),
  upstreams: integer({
    default: 100,
    min: 1,
    help: 'How many upstreams to connect, spread evenly over the endpoints.',
  }),
  size: integer({
    default: 1_024,
    min: 0,
    unit: 'bytes',
    help: 'Length of the body of each request, and of its answer.',
  }),
  output: choice(['text', 'json'], { default: 'text', help: 'How the result is printed.' }),
  connect: connectSection,
  log: logSection,
})

export type BenchHttpConfig = ConfigOf<typeof benchHttpConfig>
