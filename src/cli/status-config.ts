import { orFile } from '../config/file-fields.ts'
import { flag } from '../config/number-fields.ts'
import { section } from '../config/section.ts'
import type { ConfigOf } from '../config/section.ts'
import { clientTlsSection } from '../net/tls-sections.ts'
import { choice, secret, text, url } from '../config/text-fields.ts'

/** What every status command can be told. */
export const statusConfig = section({
  server: section(
    {
      url: url({
        default: 'http://localhost:8002',
        required: true,
        help: 'Admin port of any node of the cluster.',
      }),
    },
    { help: 'The node that is asked.' },
  ),
  ...orFile('token', secret({ help: 'Token for an admin port that asks for one.' })),
  tls: clientTlsSection('the admin port'),
  forward: text({ help: 'Id of the node that is to answer, in place of the one that is asked.' }),
  output: choice(['yaml', 'json', 'table'], {
    default: 'yaml',
    help: 'How the status is printed.',
  }),
})

/** `cluster nodes`. */
export const nodeFilter = section({
  status: choice(['all', 'active', 'unreachable', 'left'], {
    default: 'all',
    help: 'Shows only the nodes with this status.',
  }),
})

/** `upstream endpoints`. */
export const endpointDetail = section({
  verbose: flag({ help: 'Shows where each upstream is connected from.' }),
})

export type StatusConfig = ConfigOf<typeof statusConfig>
export type OutputFormat = StatusConfig['output']
