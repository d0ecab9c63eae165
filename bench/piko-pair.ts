import { resolve } from 'node:path'
import { freePorts } from './free-ports.ts'
import { words } from './options.ts'
import type { BenchOptions, PeerCommands } from './options.ts'

type ServerPort = 'proxy' | 'upstream' | 'admin' | 'gossip'
export type ServerPorts = Readonly<Record<ServerPort, number>>

/** The commands of a server and an agent, ours or a peer's, and the endpoint between them. */
export interface PairCommands {
  server(ports: ServerPorts, join?: number): readonly string[]
  agent(ports: ServerPorts, backendPort: number): readonly string[]
  readonly header: string
}

const ENDPOINT_ID = 'bench'

export async function serverPorts(): Promise<ServerPorts> {
  return freePorts('proxy', 'upstream', 'admin', 'gossip')
}

/** Our own build, with everything on that it has: access log, metrics. */
export function ourCommands(options: BenchOptions): PairCommands {
  const piko = [process.execPath, resolve(options.piko)]
  return {
    server: (ports, join) => [
      ...piko,
      'server',
      ...bindFlags(ports),
      ...(join === undefined ? [] : ['--cluster.join', `127.0.0.1:${join}`]),
      ...options.serverFlags,
    ],
    agent: (ports, backendPort) => [
      ...piko,
      ...agentWords(ENDPOINT_ID, ports, backendPort),
      ...options.agentFlags,
    ],
    header: `x-piko-endpoint: ${ENDPOINT_ID}`,
  }
}

/** A peer's commands: its own words where they have placeholders, else completed like ours. */
export function peerCommands({ server, agent, header }: PeerCommands): PairCommands {
  const endpointId = header.slice(header.indexOf(':') + 1).trim()
  return {
    server: (ports) =>
      isTemplate(server) ? fill(server, ports) : [...words(server), ...bindFlags(ports)],
    agent: (ports, backend) => {
      if (isTemplate(agent)) return fill(agent, { ...ports, backend })
      const [program = '', ...given] = words(agent)
      // `piko agent` lacks everything, `piko agent http my-endpoint 3000` has more than we need.
      const flags = given.filter((word) => word.startsWith('--'))
      return [program, ...agentWords(endpointId, ports, backend), ...flags]
    },
    header,
  }
}

function agentWords(endpointId: string, ports: ServerPorts, backendPort: number): string[] {
  const url = `http://127.0.0.1:${ports.upstream}`
  return ['agent', 'http', endpointId, `127.0.0.1:${backendPort}`, '--connect.url', url]
}

/** Where a server listens. */
export function bindFlags(ports: ServerPorts): string[] {
  const sections = {
    proxy: ports.proxy,
    upstream: ports.upstream,
    admin: ports.admin,
    'cluster.gossip': ports.gossip,
  }
  return Object.entries(sections).flatMap(([section, port]) => [
    `--${section}.bind-addr`,
    `127.0.0.1:${port}`,
  ])
}

const PLACEHOLDER = /\{(\w+)\}/g

function isTemplate(command: string): boolean {
  return command.search(PLACEHOLDER) !== -1
}

function fill(command: string, ports: Readonly<Record<string, number>>): string[] {
  return words(command).map((word) =>
    word.replace(PLACEHOLDER, (whole, name: string) => String(ports[name] ?? whole)),
  )
}
