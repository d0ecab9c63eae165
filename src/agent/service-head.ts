import type { BodyFraming } from '../http1/body-framing.ts'
import type { RequestHead } from '../http1/head-parser.ts'
import { formatRequestHead } from '../http1/head-writer.ts'
import { withoutHopByHop } from '../http1/hop-by-hop.ts'

/**
 * The request's head as the service gets it: the client's own, on a connection that stays open for
 * the next request. Host is the client's: the service sees what it was asked for.
 */
export function serviceHead(
  head: RequestHead,
  {
    framing,
    upgrade,
    basePath,
  }: {
    framing: BodyFraming
    upgrade: string | undefined
    basePath: string
  },
): string {
  const fields = withoutHopByHop(head.fields)
  if (framing.kind === 'chunked') fields.push('Transfer-Encoding', 'chunked')
  if (upgrade !== undefined) fields.push('Connection', 'Upgrade', 'Upgrade', upgrade)
  const target = head.target === '*' ? '*' : `${basePath}${head.target}`
  return formatRequestHead({ method: head.method, target, minorVersion: 1, fields })
}
