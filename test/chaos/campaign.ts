import { Agent as HttpAgent } from 'node:http'
import { Agent } from '../../src/agent/agent.ts'
import { agentHttpConfig } from '../../src/agent/config.ts'
import type { AgentConfig } from '../../src/agent/config.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import { openLog } from '../../src/log/json-logger.ts'
import { serverConfig } from '../../src/server/config.ts'
import { Server } from '../../src/server/server.ts'
import { seededRandom } from '../../src/std/prng.ts'
import type { Random } from '../../src/std/prng.ts'
import { checkedRequest } from './checked-client.ts'
import type { Verdict } from './checked-client.ts'
import { PatternService } from './pattern-service.ts'
import { Saboteur } from './saboteur.ts'

export interface CampaignOptions {
  readonly seed: number
  /** Requests under way at once. */
  readonly clients: number
  /** Whether to go on, asked before each request. */
  readonly goesOn: (requests: number) => boolean
}

export interface CampaignReport {
  readonly verdicts: Readonly<Record<Verdict, number>>
  readonly kills: number
  /** What was left when everything had ended; all zero when nothing leaks. */
  readonly leftovers: Readonly<Record<string, number>>
  /** Requests that were answered right after the saboteurs relented, of CLEAN_REQUESTS. */
  readonly cleanAnswers: number
}

export const CLEAN_REQUESTS = 50

const ENDPOINT = 'chaos'
/** While one is between two attempts to connect, others carry the traffic. */
const AGENTS = 4
const PORTS = ['proxy', 'upstream', 'admin'].map((port) => `--${port}.bind-addr=127.0.0.1:0`)
const SERVER_FLAGS = [...PORTS, '--cluster.gossip.bind-addr=127.0.0.1:0', '--proxy.timeout=3s']

/** How long everything may take to end once nothing new begins. */
const SETTLE_MS = 20_000

/**
 * Traffic through client → saboteur → node → saboteur → agent → saboteur → service, where every hop
 * loses connections at any byte:
 *
 *     checked clients ──✂──▶ node ◀──✂── agent ──✂──▶ pattern service
 *
 * Every complete answer must be the right one, and at the end nothing may be left of it all.
 */
export async function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const random = seededRandom(options.seed)
  // Nothing is kept of what is logged: memory that grows shall be the product's.
  const { logger } = openLog({ level: 'info', subsystems: [] }, { write: () => {} })
  const service = await PatternService.start()
  const server = new Server(loadConfig(serverConfig, { argv: SERVER_FLAGS }), logger)
  const ports = await server.start()
  const hop = async (port: number, rate: number, patience: number): Promise<Saboteur> =>
    Saboteur.start({ port, random, rate, patience })
  const serviceHop = await hop(service.port, 0.2, 1)
  // A tunnel carries many requests before it dies, or there would be none to carry any.
  const tunnelHop = await hop(ports.upstream.port, 0.8, 1_000)
  const clientHop = await hop(ports.proxy.port, 0.2, 1)
  const hops = [serviceHop, tunnelHop, clientHop]
  const settings = agentSettings(tunnelHop.port, serviceHop.port)
  const agents = Array.from({ length: AGENTS }, () => new Agent(settings, logger))
  for (const agent of agents) await agent.start()

  const verdicts = await sendTraffic(options, clientHop.port, random)
  for (const saboteur of hops) saboteur.relent()
  const leftovers = await settled(async () => ({
    requests: await metric(ports.admin.port, 'piko_proxy_requests_in_flight'),
    streams: await metric(ports.admin.port, 'piko_upstreams_open_streams'),
    exchanges: agents.reduce((sum, agent) => sum + agent.exchangeCount, 0),
  }))
  // Agents may have been between two attempts to connect.
  await settled(async () => ({
    missing: AGENTS - (await metric(ports.admin.port, 'piko_upstreams_connected_upstreams')),
  }))
  const cleanAnswers = await sendClean(ports.proxy.port, random)
  await Promise.all(agents.map(async (agent) => agent.shutdown()))
  await server.shutdown()
  for (const saboteur of hops) saboteur.close()
  service.close()
  const kills = hops.reduce((sum, saboteur) => sum + saboteur.kills, 0)
  return { verdicts, kills, leftovers, cleanAnswers }
}

const AGENT_FLAGS = [
  '--grace-period=5s',
  '--timeout=2s',
  '--access-log.disable',
  '--http-client.idle-conn-timeout=1s',
]

function agentSettings(upstreamPort: number, servicePort: number): AgentConfig {
  const url = `--connect.url=http://127.0.0.1:${upstreamPort}`
  const config = loadConfig(agentHttpConfig, { argv: [url, ...AGENT_FLAGS] })
  const { timeoutMs, accessLog, httpClient, tls, ...program } = config
  const addr = `127.0.0.1:${servicePort}`
  const settings = { timeoutMs, accessLog, httpClient, tls }
  return { ...program, listeners: [{ endpointId: ENDPOINT, addr, protocol: 'http', ...settings }] }
}

async function sendTraffic(
  { clients, goesOn }: CampaignOptions,
  port: number,
  random: Random,
): Promise<Record<Verdict, number>> {
  const verdicts = { right: 0, broken: 0, refused: 0, wrong: 0 }
  const agent = new HttpAgent({ keepAlive: true, maxSockets: clients })
  let requests = 0
  const client = async (): Promise<void> => {
    while (goesOn(requests)) {
      requests += 1
      verdicts[await checkedRequest({ port, endpointId: ENDPOINT, random, agent })] += 1
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  agent.destroy()
  return verdicts
}

/** Nothing dies any more, so everything has to be right. */
async function sendClean(port: number, random: Random): Promise<number> {
  const agent = new HttpAgent({ keepAlive: false })
  const noWhims: Random = () => 0.2 + 0.8 * random()
  let right = 0
  for (let i = 0; i < CLEAN_REQUESTS; i++) {
    const verdict = await checkedRequest({ port, endpointId: ENDPOINT, random: noWhims, agent })
    if (verdict === 'right') right += 1
  }
  return right
}

async function metric(adminPort: number, name: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${adminPort}/metrics`)
  const line = (await response.text()).split('\n').find((text) => text.startsWith(`${name} `))
  return Number(line?.split(' ')[1] ?? Number.NaN)
}

/** Asks again until all is zero, or time is up. */
async function settled(
  count: () => Promise<Record<string, number>>,
): Promise<Record<string, number>> {
  const deadlineMs = performance.now() + SETTLE_MS
  let counts = await count()
  while (Object.values(counts).some((left) => left !== 0) && performance.now() < deadlineMs) {
    counts = await count()
  }
  return counts
}
