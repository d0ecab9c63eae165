import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import type { ClusterMember } from './cluster.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import { forwardTcpConfig } from '../../src/forward/config.ts'
import { Forward } from '../../src/forward/forward.ts'
import { errorCode } from '../../src/std/errors.ts'
import type { HostPort } from '../../src/std/host-port.ts'
import { LogWatch } from './log-watch.ts'
import { knowsEndpoint, startCluster } from './cluster.ts'
import { dialPort, ENDPOINT, lastWins, startServer, startTcpAgent } from './piko.ts'
import type { AgentOptions, RunningAgent, RunningServer } from './piko.ts'
import { RawService } from './raw-service.ts'
import type { WireEnd } from './wire.ts'

/** A TCP service behind Piko, and the node that clients come to. */
export interface TcpPiko {
  readonly service: RawService
  /** Where clients connect. */
  readonly edge: RunningServer
  readonly agent: RunningAgent
}

/** Whether the upstream is connected to the node that clients come to, or to another one. */
export type Placement = 'one node' | 'two nodes'

export const PLACEMENTS: readonly Placement[] = ['one node', 'two nodes']

/** A node that clients come to, and a TCP agent of the service on this node or another. */
export async function startTcpEdge(
  placement: Placement,
  service: { readonly port: number },
  agentFlags: readonly string[] = [],
): Promise<Omit<TcpPiko, 'service'>> {
  if (placement === 'one node') {
    const edge = await startServer()
    const agent = await startTcpAgent(edge.addresses.upstream, service, { flags: agentFlags })
    await edge.log.logged('upstream connected')
    return { edge, agent }
  }
  const [owner, edge] = (await startCluster(2)) as [ClusterMember, ClusterMember]
  const agent = await startTcpAgent(owner.addresses.upstream, service, { flags: agentFlags })
  await knowsEndpoint(edge, 'n1')
  return { edge, agent }
}

/** The same in front of a service that the test plays by hand. */
export async function tcpPiko(
  placement: Placement,
  agentFlags: readonly string[] = [],
): Promise<TcpPiko> {
  const service = await RawService.start()
  onTestFinished(async () => service.close())
  return { service, ...(await startTcpEdge(placement, service, agentFlags)) }
}

/** A forward in this process, with what it logs. */
export interface RunningForward {
  readonly address: HostPort
  readonly log: LogWatch
  readonly forward: Forward
}

/** Opens a free port that leads to the endpoint through `edge`; it closes with the test. */
export async function startForward(
  { port }: HostPort,
  { endpointId = ENDPOINT, flags = [] }: AgentOptions = {},
): Promise<RunningForward> {
  const argv = lastWins(['--connect.url', `http://127.0.0.1:${port}`, ...flags])
  const config = loadConfig(forwardTcpConfig, { argv })
  const log = new LogWatch()
  const forward = new Forward({ ...config, ports: [{ addr: '0', endpointId }] }, log)
  onTestFinished(async () => forward.shutdown())
  const [address] = (await forward.start()) as [HostPort]
  return { address, log, forward }
}

/** How a connection to this port ends; one that is refused at once may fail to open at all. */
export async function endAt(address: HostPort): Promise<WireEnd> {
  try {
    return await (await dialPort(address)).ending()
  } catch (error) {
    if (errorCode(error) === 'ECONNRESET') return 'reset'
    throw error
  }
}

/** A client of the TCP route by the `ws` package: whatever it hears is written down. */
export class TcpRouteClient {
  readonly socket: WebSocket
  /** What came, in latin1; '|' is an empty message. */
  heard = ''
  private wake: () => void = () => {}

  constructor(edge: RunningServer, fields: Readonly<Record<string, string>> = {}) {
    const url = `ws://127.0.0.1:${edge.addresses.proxy.port}/_piko/v1/tcp/${ENDPOINT}`
    this.socket = new WebSocket(url, { headers: fields })
    onTestFinished(() => this.socket.terminate())
    this.socket.on('message', (data: Buffer) => {
      this.heard += data.length === 0 ? '|' : data.toString('latin1')
      this.wake()
    })
    this.socket.on('error', () => this.wake())
  }

  async opened(): Promise<this> {
    await once(this.socket, 'open')
    return this
  }

  /** The status and body of a handshake that was refused. */
  async refused(): Promise<{ status: number; body: string }> {
    const [, response] = (await once(this.socket, 'unexpected-response')) as [
      unknown,
      AsyncIterable<Buffer> & { statusCode: number },
    ]
    let body = ''
    for await (const piece of response) body += piece.toString()
    return { status: response.statusCode, body }
  }

  /** Resolves when that is all that was heard. */
  async hears(text: string): Promise<void> {
    while (this.heard !== text) await this.more()
  }

  /** Resolves when something more was heard. */
  async more(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.wake = resolve
    })
  }

  /** The code of the Close that ended the connection; 1006 when there was none. */
  async closed(): Promise<number> {
    const [code] = (await once(this.socket, 'close')) as [number]
    return code
  }
}
