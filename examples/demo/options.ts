import { parseArgs } from 'node:util'

/** What the demo can be told; port 0 takes any free one. */
export interface DemoOptions {
  readonly endpointId: string
  readonly nodes: number
  readonly proxyPort: number
  readonly upstreamPort: number
  readonly adminPort: number
  readonly servicePort: number
}

export const USAGE = `Usage: npm run demo -- [flags]

  --endpoint <id>          Endpoint to register. (default my-endpoint)
  --nodes <count>          How many nodes to start. (default 3)
  --proxy-port <port>      Port of the balancer for clients. (default 8000)
  --upstream-port <port>   Port of the balancer for agents. (default 8001)
  --admin-port <port>      Port of the balancer for operators. (default 8002)
  --service-port <port>    Port of the sample service. (default: any free one)

Port 0 takes any free one.
`

/** Reads the flags; a text instead of options is what to tell a user who got them wrong. */
export function readOptions(argv: readonly string[]): DemoOptions | string {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        endpoint: { type: 'string', default: 'my-endpoint' },
        nodes: { type: 'string', default: '3' },
        'proxy-port': { type: 'string', default: '8000' },
        'upstream-port': { type: 'string', default: '8001' },
        'admin-port': { type: 'string', default: '8002' },
        'service-port': { type: 'string', default: '0' },
      },
    })
    return {
      endpointId: values.endpoint,
      nodes: countOf(values.nodes),
      proxyPort: portOf('proxy', values['proxy-port']),
      upstreamPort: portOf('upstream', values['upstream-port']),
      adminPort: portOf('admin', values['admin-port']),
      servicePort: portOf('service', values['service-port']),
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function countOf(text: string): number {
  if (!/^[1-9]\d?$/.test(text) || Number(text) > 64)
    throw new RangeError(`--nodes: ${text} is no number from 1 to 64`)
  return Number(text)
}

function portOf(name: string, text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw new RangeError(`--${name}-port: ${text} is no port`)
  }
  return Number(text)
}
