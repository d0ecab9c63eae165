import { duration, flag, integer } from '../config/number-fields.ts'
import { section } from '../config/section.ts'
import type { ConfigOf } from '../config/section.ts'
import { address } from '../config/text-fields.ts'

/** One of the balancer's ports. */
function port(defaultAddress: string, help: string) {
  return section({ bindAddr: address({ default: defaultAddress, help }) })
}

/** `piko test cluster`. */
export const testClusterConfig = section({
  nodes: integer({ default: 3, min: 1, max: 64, help: 'How many nodes to start.' }),
  proxy: port('127.0.0.1:8000', 'Address that clients connect to.'),
  upstream: port('127.0.0.1:8001', 'Address that listeners connect to.'),
  admin: port('127.0.0.1:8002', 'Address of health, metrics and status.'),
  verbose: flag({ help: 'Shows everything that the nodes log, not only warnings and errors.' }),
  gracePeriodMs: duration({
    default: '5s',
    required: true,
    max: '7s',
    help: 'How long requests under way may take to finish at the end.',
  }),
})

export type TestClusterConfig = ConfigOf<typeof testClusterConfig>
