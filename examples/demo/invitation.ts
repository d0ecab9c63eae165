import type { DemoPorts } from './demo.ts'

/** The two ways to name an endpoint: in a field of its own, or in the Host. */
export function curlLines(endpointId: string, { proxy }: DemoPorts): readonly [string, string] {
  const host = `${endpointId}.example.com:${proxy}`
  return [
    `curl http://localhost:${proxy} -H 'x-piko-endpoint: ${endpointId}'`,
    `curl --connect-to ${host}:localhost:${proxy} http://${host}`,
  ]
}

/** What to do with a demo that runs. */
export function invitation(endpointId: string, ports: DemoPorts): string {
  const admin = `http://localhost:${ports.admin}`
  return [
    'That request went',
    `  client -> node :${ports.proxy} -> tunnel -> agent -> service :${ports.service}`,
    '',
    'Send more of them:',
    ...curlLines(endpointId, ports).map((line) => `  ${line}`),
    '',
    'Look at the node:',
    `  ${admin}/status/upstream/endpoints`,
    `  ${admin}/status/cluster/nodes`,
    `  ${admin}/metrics`,
    '',
    'Ctrl-C ends the demo. What the node and the agent log shows below.',
    '',
  ].join('\n')
}
