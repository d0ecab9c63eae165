import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { freePorts } from '../../bench/free-ports.ts'
import { rssBytes } from '../../bench/process-usage.ts'
import { PikoProcess } from '../../src/cli/piko-process.ts'
import { Ticker } from '../soak/ticker.ts'
import type { Attack, Victim } from './attack.ts'
import {
  CAN_SHARE_CORES,
  COLLECTS_ALONE,
  IN_IDLE_TIME,
  leaveFirstCore,
  ON_FIRST_CORE,
  putEventLoopsFirst,
} from './cores.ts'
import { HealthyClients, quantileMs } from './healthy-clients.ts'
import type { Outcome } from './healthy-clients.ts'

const PIKO = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
const ATTACKER = fileURLToPath(new URL('attacker.ts', import.meta.url))
const SERVICE = fileURLToPath(new URL('service.ts', import.meta.url))
const NODE = process.execPath
const TYPESCRIPT = ['--import', 'tsx'] as const
const ENDPOINT = 'healthy'

const LOOK_MS = 100

/** After an attack a window of this length has to be as quiet as before. */
const CALM_MS = 1_000

export interface SiegeOptions {
  readonly rate: number
  /** How long each attack lasts, and how long is listened before it. */
  readonly attackMs: number
  readonly quietMs: number
  /** How long calm is waited for, behind each. */
  readonly patienceMs: number
  /** Gives the node a core of its own, if there are two, and the attacker what others leave. */
  readonly pinned: boolean
}

/** What an attack did to those who mean no harm. */
export interface SiegeReport {
  readonly attack: string
  readonly requests: number
  /** Each way to fail, and how often. */
  readonly failures: Readonly<Record<string, number>>
  readonly quietP99Ms: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly rssGrowthBytes: number
  /** Until a second was quiet again; infinite if none was. */
  readonly recoveryMs: number
}

interface SiegeParts {
  readonly victim: Victim
  readonly service: ChildProcess
  readonly programs: readonly PikoProcess[]
  readonly isPinned: boolean
}

/**
 * A node with a service behind it, healthy clients in front of it, and one attacker after another.
 */
export class Siege {
  private readonly options: SiegeOptions
  private readonly victim: Victim
  private readonly service: ChildProcess
  private readonly programs: readonly PikoProcess[]
  private readonly clients: HealthyClients
  private readonly ticker = new Ticker()
  private readonly isPinned: boolean

  private constructor(options: SiegeOptions, parts: SiegeParts) {
    this.options = options
    this.isPinned = parts.isPinned
    this.victim = parts.victim
    this.service = parts.service
    this.programs = parts.programs
    const { rate } = options
    this.clients = new HealthyClients({ port: this.victim.proxy, endpoint: ENDPOINT, rate })
  }

  static async begin(options: SiegeOptions): Promise<Siege> {
    const ports = await freePorts('proxy', 'upstream', 'admin', 'gossip')
    const isPinned = options.pinned && CAN_SHARE_CORES
    if (isPinned) leaveFirstCore()
    const service = start([NODE, COLLECTS_ALONE, ...TYPESCRIPT, SERVICE])
    const [servicePort] = (await once(service, 'message')) as [number]
    const node = [NODE, PIKO, ...serverArgs(ports)] as const
    const server = new PikoProcess('server', isPinned ? [...ON_FIRST_CORE, ...node] : node)
    await server.logged('node started')
    const agentCommand = [
      NODE,
      COLLECTS_ALONE,
      PIKO,
      ...agentArgs(ports.upstream, servicePort),
    ] as const
    const agent = new PikoProcess('agent', agentCommand)
    await agent.logged('connected')
    if (isPinned) putEventLoopsFirst([process, service, server, agent])
    const victim = { ...ports, endpoint: ENDPOINT }
    return new Siege(options, { victim, service, programs: [server, agent], isPinned })
  }

  /** Lets one attacker loose, and takes him away. */
  async withstand(attack: Attack): Promise<SiegeReport> {
    const { quietMs, attackMs } = this.options
    const quiet = await this.listen(quietMs)
    const quietP99Ms = quantileMs(quiet, 0.99)
    const rssBefore = this.rssBytes()
    let rssMax = rssBefore
    const look = setInterval(() => (rssMax = Math.max(rssMax, this.rssBytes())), LOOK_MS)
    const attacker = this.letLoose(attack)
    try {
      await begun(attacker)
      const during = await this.listen(attackMs)
      attacker.kill('SIGKILL')
      const recoveryMs = await this.recovery(2 * quietP99Ms)
      return {
        attack: attack.name,
        requests: during.length,
        failures: countFailures(during),
        quietP99Ms,
        p50Ms: quantileMs(during, 0.5),
        p99Ms: quantileMs(during, 0.99),
        rssGrowthBytes: rssMax - rssBefore,
        recoveryMs,
      }
    } finally {
      clearInterval(look)
      attacker.kill('SIGKILL')
    }
  }

  /** Resolves once everything has ended. */
  async end(): Promise<void> {
    this.clients.stop()
    this.ticker.stop()
    await Promise.all(this.programs.map(async (program) => program.stop()))
    this.service.disconnect()
  }

  /** What becomes of the requests of the next while. */
  async listen(ms: number): Promise<readonly Outcome[]> {
    const fromMs = performance.now()
    await this.ticker.after(ms)
    return this.clients.between(fromMs, performance.now())
  }

  private rssBytes(): number {
    return rssBytes(this.programs[0]?.pid as number)
  }

  private letLoose(attack: Attack): ChildProcess {
    const attacker = [NODE, ...TYPESCRIPT, ATTACKER, attack.name, JSON.stringify(this.victim)]
    return start(this.isPinned ? [...IN_IDLE_TIME, ...attacker] : attacker)
  }

  /** Until a second of requests is as quick as before. */
  private async recovery(p99Ms: number): Promise<number> {
    const fromMs = performance.now()
    while (performance.now() - fromMs < this.options.patienceMs) {
      await this.ticker.after(LOOK_MS)
      const nowMs = performance.now()
      if (nowMs - fromMs < CALM_MS) continue
      const window = this.clients.between(nowMs - CALM_MS, nowMs)
      const isCalm = window.every(({ failure }) => failure === undefined)
      if (isCalm && quantileMs(window, 0.99) <= p99Ms) return nowMs - CALM_MS - fromMs
    }
    return Number.POSITIVE_INFINITY
  }
}

/** Starts a process that sends messages. */
function start([program = '', ...args]: readonly string[]): ChildProcess {
  return spawn(program, args, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
}

/** Resolves when the attack is at its full strength. */
async function begun(attacker: ChildProcess): Promise<void> {
  await Promise.race([once(attacker, 'message'), once(attacker, 'exit').then(failed)])
}

function failed(): never {
  throw new Error('the attacker ended by himself')
}

function countFailures(outcomes: readonly Outcome[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { failure } of outcomes) {
    if (failure !== undefined) counts[failure] = (counts[failure] ?? 0) + 1
  }
  return counts
}

/** Everything as it is by default, but that the loopback is as strange as the Internet. */
function serverArgs(ports: Readonly<Record<string, number>>): string[] {
  return [
    'server',
    ...Object.entries(ports).flatMap(([port, number]) => [
      `--${port === 'gossip' ? 'cluster.gossip' : port}.bind-addr`,
      `127.0.0.1:${number}`,
    ]),
    ...['proxy', 'upstream', 'admin'].flatMap((port) => [`--${port}.limits.exempt`, '192.0.2.1']),
    '--grace-period',
    '1s',
    '--shutdown.delay',
    '0',
  ]
}

function agentArgs(upstreamPort: number, servicePort: number): string[] {
  return [
    'agent',
    'http',
    ENDPOINT,
    `127.0.0.1:${servicePort}`,
    '--connect.url',
    `http://127.0.0.1:${upstreamPort}`,
    '--connect.connections',
    '1',
    '--access-log.disable',
  ]
}
