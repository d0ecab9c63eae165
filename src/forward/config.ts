import { items, section } from '../config/section.ts'
import type { ConfigOf } from '../config/section.ts'
import { text, url } from '../config/text-fields.ts'
import { logSection } from '../log/config.ts'
import { connectFields } from '../net/connect-fields.ts'
import { LOCAL_ADDRESS_FORMS, parseLocalAddress } from './local-address.ts'

const portSection = section({
  addr: text({
    required: true,
    allowed: LOCAL_ADDRESS_FORMS,
    help: `Where to listen: ${LOCAL_ADDRESS_FORMS}.`,
    check: (addr) => (parseLocalAddress(addr) === undefined ? 'invalid addr' : undefined),
  }),
  endpointId: text({ required: true, help: 'Endpoint to connect to.' }),
})

const programFields = {
  connect: section(
    {
      url: url({
        basic: true,
        default: 'http://localhost:8000',
        required: true,
        help: 'Proxy port of a Piko node, or of the load balancer in front of the nodes.',
      }),
      tenantId: text({ basic: true, help: 'Tenant that the endpoints belong to.' }),
      ...connectFields('Then the client’s connection is reset.'),
    },
    { help: 'How connections reach Piko.' },
  ),
  log: logSection,
}

/** `piko forward start`: everything, ports from YAML. */
export const forwardConfig = section(
  {
    ports: items(portSection, { help: 'Ports to open and the endpoints behind them.' }),
    ...programFields,
  },
  {
    *check({ ports }) {
      if (ports.length === 0) yield 'no ports configured'
    },
  },
)

/** `piko forward tcp`: one port, named by arguments. */
export const forwardTcpConfig = section(programFields)

export type ForwardConfig = ConfigOf<typeof forwardConfig>
export type ForwardTcpConfig = ConfigOf<typeof forwardTcpConfig>
