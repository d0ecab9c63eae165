import { orFile } from '../config/file-fields.ts'
import { duration } from '../config/number-fields.ts'
import { secret, url } from '../config/text-fields.ts'
import { clientTlsSection } from './tls-sections.ts'

/** How a program gets to a port of Piko, whichever it is; `again` says what follows a failure. */
export function connectFields(again: string) {
  return {
    ...orFile('token', secret({ basic: true, help: 'Token to authenticate with.', reload: true })),
    timeoutMs: duration({
      default: '30s',
      required: true,
      help: `How long one attempt to connect may take. ${again}`,
    }),
    proxyUrl: url({
      help:
        'HTTP proxy to connect through, by CONNECT: http://user:password@proxy:3128, or https. ' +
        'Hosts in the environment variable NO_PROXY are reached without it.',
    }),
    tls: clientTlsSection('Piko'),
  }
}
