import type { DemoPorts } from './demo.ts'

/** The two ways to name an endpoint: in a field of its own, or in the Host. */
export function curlLines(endpointId: string, { proxy }: DemoPorts): readonly [string, string] {
  const host = `${endpointId}.example.com:${proxy}`
  return [
    `curl http://localhost:${proxy} -H 'x-piko-endpoint: ${endpointId}'`,
    `curl --connect-to ${host}:localhost:${proxy} http://${host}`,
  ]
}

/** Names the admin port to `piko status`, where it is not the usual one. */
export function serverFlag({ admin }: DemoPorts): readonly string[] {
  return admin === 8002 ? [] : ['--server.url', `http://localhost:${admin}`]
}

/** What to do with a demo that runs. */
export function invitation(endpointId: string, ports: DemoPorts): string {
  const flags = serverFlag(ports).map((word) => ` ${word}`)
  return [
    'That request went',
    `  client -> balancer :${ports.proxy} -> a node -> maybe another node -> tunnel` +
      ` -> an agent -> service :${ports.service}`,
    '',
    'Send more of them; every connection goes to the next node:',
    ...curlLines(endpointId, ports).map((line) => `  ${line}`),
    '',
    'Look at the cluster:',
    `  bin/piko status cluster nodes${flags.join('')}`,
    `  bin/piko status upstream endpoints --forward n1${flags.join('')}`,
    `  http://localhost:${ports.admin}/metrics`,
    '',
    'Kill a node by its pid above (kill -9) and send on: the others take over.',
    '',
    'Ctrl-C ends the demo. What the cluster and the agents say shows below.',
    '',
  ].join('\n')
}
