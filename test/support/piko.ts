import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { Agent } from '../../src/agent/agent.ts'
import { agentHttpConfig, agentTcpConfig } from '../../src/agent/config.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import { serverConfig } from '../../src/server/config.ts'
import { Server } from '../../src/server/server.ts'
import type { ServerAddresses } from '../../src/server/server.ts'
import type { AgentConfig } from '../../src/agent/config.ts'
import type { HostPort } from '../../src/std/host-port.ts'
import { HttpService } from './http-service.ts'
import { LogWatch } from './log-watch.ts'
import { RawService } from './raw-service.ts'
import { dial } from './wire.ts'
import type { Wire } from './wire.ts'

/** The endpoint that everything in these tests is registered at. */
export const ENDPOINT = 'my-endpoint'

/** A node in this process, with what it logs. */
export interface RunningServer {
  readonly addresses: ServerAddresses
  readonly log: LogWatch
  /** Shuts it down, once. */
  stop(): Promise<void>
}

export interface RunningAgent {
  readonly agent: Agent
  readonly log: LogWatch
  /** Shuts it down, once. */
  stop(): Promise<void>
}

export interface PikoOptions {
  /** Where the service listens. */
  readonly service: { readonly port: number }
  /** As on the command line: `--proxy.timeout`, `1s`. */
  readonly serverFlags?: readonly string[]
  readonly agentFlags?: readonly string[]
}

/** Flags that come later win, so tests override these. */
const SERVER_FLAGS = ['proxy', 'upstream', 'admin', 'cluster.gossip'].flatMap((port) => [
  `--${port}.bind-addr`,
  '127.0.0.1:0',
])

/** Nothing in these tests is worth waiting for at the end. */
const GRACE = ['--grace-period', '20ms']
/** Tests count tunnels, and say at which node they are. */
const ONE_TUNNEL = ['--connect.connections', '1']
/** No load balancer has to notice that a node leaves. */
const AT_ONCE = ['--shutdown.delay', '0']

/** Starts a node; it is shut down with the test. `yaml` is its file of settings. */
export async function startServer(
  flags: readonly string[] = [],
  yaml = '',
): Promise<RunningServer> {
  const log = new LogWatch()
  const argv = lastWins([...SERVER_FLAGS, ...GRACE, ...AT_ONCE, ...flags])
  const server = new Server(loadConfig(serverConfig, { argv, file: settingsFile(yaml) }), log)
  const stop = once(async () => server.shutdown())
  // One that cannot start has opened some of its ports.
  onTestFinished(stop)
  const addresses = await server.start()
  return { addresses, log, stop }
}

export interface AgentOptions {
  readonly endpointId?: string
  readonly flags?: readonly string[]
}

/** Starts an agent with one listener; it is shut down with the test. */
export async function startAgent(
  upstream: HostPort,
  service: { readonly port: number },
  { endpointId = ENDPOINT, flags = [] }: AgentOptions = {},
): Promise<RunningAgent> {
  const argv = agentArguments(upstream, flags)
  const config = loadConfig(agentHttpConfig, { argv })
  const { timeoutMs, accessLog, httpClient, tls, ...program } = config
  const listener = { endpointId, addr: `127.0.0.1:${service.port}`, protocol: 'http' } as const
  const listeners = [{ ...listener, timeoutMs, accessLog, httpClient, tls }]
  return runAgent({ ...program, listeners })
}

/** The same in front of a TCP service. */
export async function startTcpAgent(
  upstream: HostPort,
  service: { readonly port: number },
  { endpointId = ENDPOINT, flags = [] }: AgentOptions = {},
): Promise<RunningAgent> {
  const argv = agentArguments(upstream, flags)
  const { timeoutMs, accessLog, ...program } = loadConfig(agentTcpConfig, { argv })
  const listener = { endpointId, addr: `127.0.0.1:${service.port}`, protocol: 'tcp' } as const
  return runAgent({ ...program, listeners: [{ ...listener, timeoutMs, accessLog }] })
}

function agentArguments(upstream: HostPort, flags: readonly string[]): string[] {
  const url = ['--connect.url', `http://127.0.0.1:${upstream.port}`]
  return lastWins([...url, ...ONE_TUNNEL, ...GRACE, ...flags])
}

async function runAgent(config: AgentConfig): Promise<RunningAgent> {
  const log = new LogWatch()
  const agent = new Agent(config, log)
  await agent.start()
  const stop = once(async () => agent.shutdown())
  onTestFinished(stop)
  return { agent, log, stop }
}

/** A node and an agent in front of a service, connected. */
export class Piko {
  readonly node: RunningServer
  readonly agent: RunningAgent

  constructor(node: RunningServer, agent: RunningAgent) {
    this.node = node
    this.agent = agent
  }

  get proxy(): HostPort {
    return this.node.addresses.proxy
  }

  /** A raw connection to the proxy port; it is gone with the test. */
  async dial(): Promise<Wire> {
    return dialPort(this.proxy)
  }

  /** A body from the admin port. */
  async admin(path: string): Promise<{ status: number; text: string }> {
    const response = await fetch(`http://127.0.0.1:${this.node.addresses.admin.port}${path}`)
    return { status: response.status, text: await response.text() }
  }

  /** The value of a metric's first line that begins so. */
  async metric(line: string): Promise<number> {
    const { text } = await this.admin('/metrics')
    const found = text.split('\n').find((candidate) => candidate.startsWith(line))
    return Number(found?.split(' ').at(-1) ?? Number.NaN)
  }
}

export async function startPiko(options: PikoOptions): Promise<Piko> {
  const node = await startServer(options.serverFlags)
  const agent = await startAgent(node.addresses.upstream, options.service, {
    ...(options.agentFlags && { flags: options.agentFlags }),
  })
  await node.log.logged('upstream connected')
  return new Piko(node, agent)
}

/** Piko in front of a service that the test plays by hand. */
export async function pikoWithRawService(
  options: Omit<PikoOptions, 'service'> = {},
): Promise<{ piko: Piko; service: RawService }> {
  const service = await RawService.start()
  onTestFinished(async () => service.close())
  return { service, piko: await startPiko({ ...options, service }) }
}

/** Piko in front of a node:http service. */
export async function pikoWithHttpService(
  listener: Parameters<typeof HttpService.start>[0],
  options: Omit<PikoOptions, 'service'> = {},
): Promise<{ piko: Piko; service: HttpService }> {
  const service = await HttpService.start(listener)
  onTestFinished(async () => service.close())
  return { service, piko: await startPiko({ ...options, service }) }
}

/** A raw connection that is gone with the test. */
export async function dialPort(address: HostPort): Promise<Wire> {
  const wire = await dial(address)
  onTestFinished(() => {
    wire.socket.destroy()
  })
  return wire
}

function settingsFile(yaml: string): string | undefined {
  if (yaml === '') return undefined
  const folder = mkdtempSync(join(tmpdir(), 'piko-settings-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'piko.yaml')
  writeFileSync(file, yaml)
  return file
}

function once(action: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  return async () => (running ??= action())
}

/** A flag may be given once: of several (`--a b` or `--a=b`) with one name the last is kept. */
export function lastWins(argv: readonly string[]): string[] {
  const flags = new Map<string, readonly string[]>()
  for (let i = 0; i < argv.length; i++) {
    const written = argv[i] as string
    const [name] = written.split('=', 1)
    flags.set(name as string, written === name ? [written, argv[++i] as string] : [written])
  }
  return [...flags.values()].flat()
}
