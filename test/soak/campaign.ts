import { countsAgree } from './agreement.ts'
import { Fleet } from './fleet.ts'
import type { AgentOfFleet } from './fleet.ts'
import { Ledger } from './ledger.ts'
import type { LoadKind, PhaseReport } from './ledger.ts'
import { Loads, TCP_ENDPOINT } from './loads.ts'
import { OrderService } from './order-service.ts'
import { Ticker } from './ticker.ts'

export interface CampaignOptions {
  /** Short requests a second. */
  readonly rate: number
  /** How often every node is stopped and started again. */
  readonly rounds: number
  readonly shutdownDelayMs: number
  readonly gracePeriodMs: number
  /** Whether programs are killed as well, behind the orderly part. */
  readonly kills: boolean
  /** Told what happens. */
  readonly say: (line: string) => void
}

export interface CampaignReport {
  readonly done: Readonly<Partial<Record<LoadKind, number>>>
  /** While programs were stopped in order: nothing may fail. */
  readonly orderly: readonly PhaseReport[]
  /** While programs were killed: what was under way may fail. */
  readonly killed: readonly PhaseReport[]
  readonly orders: number
  /** How long after a restart the last node knew all counts right; the longest of all times. */
  readonly agreedAfterMs: number
  /** Ids of orders that reached the service more than once. */
  readonly duplicates: readonly string[]
}

/** One endpoint has two agents, the other a single one. */
const PAIR = 'pair'
const SOLO = 'solo'

/** Load balancers have looked at everything again by then. */
const SETTLE_MS = 1_500

/**
 * A rolling restart of everything under load: each node in turn, `rounds` times over, then each
 * agent of a pair. Nothing may fail, and no order may arrive twice.
 */
export async function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const ticker = new Ticker()
  const service = await OrderService.start(ticker)
  const fleet = await Fleet.start({ ...options, agents: agentsOf(service) })
  const ledger = new Ledger()
  const loads = new Loads({
    port: fleet.balancer.proxyPort,
    endpoints: [PAIR, SOLO],
    rate: options.rate,
    ledger,
    ticker,
    mayEnd: () => fleet.isGraceOver(),
  })
  // Health checks find the nodes first.
  await ticker.after(SETTLE_MS)
  const done = loads.run()
  await ticker.after(SETTLE_MS)
  const steps = new Steps(options, { fleet, ledger, ticker })
  await steps.orderly()
  const orderlyPhases = ledger.report().length
  if (options.kills) await steps.kills()
  loads.stop()
  await done
  const { duplicates, orderCount } = service
  const { agreedAfterMs } = steps
  await fleet.stop()
  service.close()
  ticker.stop()
  const phases = ledger.report()
  return {
    done: ledger.doneByKind(),
    orderly: phases.slice(0, orderlyPhases),
    killed: phases.slice(orderlyPhases),
    orders: orderCount,
    agreedAfterMs,
    duplicates,
  }
}

/** Nodes that do not agree by then never will. */
const AGREE_MAX_MS = 10_000

/** Each of the agents holds two, to different nodes. */
const TUNNELS = 8

function agentsOf({ port, tcpPort }: OrderService): AgentOfFleet[] {
  const http = (endpoint: string) => ({ protocol: 'http', endpoint, servicePort: port }) as const
  const tcp = { protocol: 'tcp', endpoint: TCP_ENDPOINT, servicePort: tcpPort } as const
  return [http(PAIR), http(PAIR), http(SOLO), tcp]
}

/** What is done to a fleet, one thing after the other. */
class Steps {
  private readonly options: CampaignOptions
  private readonly fleet: Fleet
  private readonly ledger: Ledger
  private readonly ticker: Ticker
  agreedAfterMs = 0

  constructor(
    options: CampaignOptions,
    parts: { readonly fleet: Fleet; readonly ledger: Ledger; readonly ticker: Ticker },
  ) {
    this.options = options
    this.fleet = parts.fleet
    this.ledger = parts.ledger
    this.ticker = parts.ticker
  }

  async orderly(): Promise<void> {
    const { nodes, agents } = this.fleet
    for (let round = 0; round < this.options.rounds; round++) {
      for (const node of nodes) await this.restart(node, 'SIGTERM')
    }
    for (const agent of agents.slice(0, 2)) await this.restart(agent, 'SIGTERM')
  }

  async kills(): Promise<void> {
    const [, node] = this.fleet.nodes
    const [agent] = this.fleet.agents
    if (node !== undefined) await this.restart(node, 'SIGKILL')
    if (agent !== undefined) await this.restart(agent, 'SIGKILL')
    // What still ends in these phases has begun before.
    this.ledger.begin('afterwards')
    await this.ticker.after(SETTLE_MS)
  }

  /** How long it takes until every node knows every count. */
  private async agreement(): Promise<number> {
    const startedMs = performance.now()
    while (!(await countsAgree(this.fleet.admins, TUNNELS))) {
      if (performance.now() - startedMs > AGREE_MAX_MS) return Number.POSITIVE_INFINITY
      await this.ticker.after(20)
    }
    return Math.round(performance.now() - startedMs)
  }

  private async restart(
    member: Fleet['nodes'][number],
    signal: 'SIGTERM' | 'SIGKILL',
  ): Promise<void> {
    const startedMs = performance.now()
    this.ledger.begin(`${signal} to ${member.name}`)
    await member.restart(signal)
    const tookMs = Math.round(performance.now() - startedMs)
    const agreedMs = await this.agreement()
    this.agreedAfterMs = Math.max(this.agreedAfterMs, agreedMs)
    const story = `back after ${tookMs} ms, counts right on all nodes ${agreedMs} ms later`
    this.options.say(`${signal} to ${member.name}: ${story}`)
    await this.ticker.after(SETTLE_MS)
  }
}
