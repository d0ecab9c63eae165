import { fileURLToPath } from 'node:url'
import { freePorts } from '../../bench/free-ports.ts'
import { PikoProcess } from '../../src/cli/piko-process.ts'
import { formatDuration } from '../../src/std/duration.ts'
import { Balancer } from './balancer.ts'
import type { NodePorts } from './balancer.ts'

const PIKO = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
const NODES = 3

export interface AgentOfFleet {
  readonly protocol: 'http' | 'tcp'
  readonly endpoint: string
  readonly servicePort: number
}

export interface FleetOptions {
  /** Two agents may have the same endpoint. */
  readonly agents: readonly AgentOfFleet[]
  readonly shutdownDelayMs: number
  readonly gracePeriodMs: number
}

/** A program of the fleet, which starts again with the same arguments. */
class Member {
  readonly name: string
  private readonly args: readonly string[]
  private readonly started: string
  private running: PikoProcess
  /** When it was last told to stop; undefined while it is not. */
  stoppedMs: number | undefined

  /** `started` is what it logs when others can count on it. */
  constructor(name: string, args: readonly string[], started: string) {
    this.name = name
    this.args = args
    this.started = started
    this.running = this.spawn()
  }

  /** Resolves when it can be counted on. Rejects when it ends before. */
  async ready(): Promise<void> {
    await this.running.logged(this.started)
  }

  /** Signals it, waits for its end, and starts it again, as a supervisor would. */
  async restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.stoppedMs = performance.now()
    this.signal(signal)
    await this.running.ended
    this.running = this.spawn()
    await this.ready()
    this.stoppedMs = undefined
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.running.ended
  }

  private signal(signal: NodeJS.Signals): void {
    if (this.running.pid !== undefined) process.kill(this.running.pid, signal)
  }

  private spawn(): PikoProcess {
    return new PikoProcess(this.name, [process.execPath, PIKO, ...this.args])
  }
}

/**
 * Three nodes behind haproxy and the agents of a service, all in processes of their own:
 *
 *     clients ──▶ haproxy ──▶ n1  n2  n3 ◀── haproxy ◀── agents ──▶ service
 */
export class Fleet {
  readonly nodes: readonly Member[]
  readonly agents: readonly Member[]
  readonly balancer: Balancer
  readonly admins: readonly number[]
  private readonly gracePeriodMs: number

  private constructor(options: FleetOptions, nodePorts: readonly NodePorts[], balancer: Balancer) {
    this.gracePeriodMs = options.gracePeriodMs
    this.balancer = balancer
    this.admins = nodePorts.map(({ admin }) => admin)
    const join = nodePorts.map(({ gossip }) => `127.0.0.1:${gossip}`).join(',')
    this.nodes = nodePorts.map((ports, i) => {
      return new Member(`n${i + 1}`, nodeArgs(`n${i + 1}`, ports, join, options), 'node started')
    })
    this.agents = options.agents.map((agent, i) => {
      return new Member(`agent-${i + 1}`, this.agentArgs(agent), 'connected')
    })
  }

  /** Resolves when everything is connected. */
  static async start(options: FleetOptions): Promise<Fleet> {
    const ports = await freePorts(...Array.from({ length: NODES * 4 + 2 }, (_, i) => `p${i}`))
    const take = (i: number): number => ports[`p${i}`] as number
    const nodePorts = Array.from({ length: NODES }, (_, i) => ({
      proxy: take(4 * i),
      upstream: take(4 * i + 1),
      admin: take(4 * i + 2),
      gossip: take(4 * i + 3),
    }))
    const front = { proxy: take(4 * NODES), upstream: take(4 * NODES + 1) }
    const fleet = new Fleet(options, nodePorts, new Balancer(nodePorts, front))
    const ready = [...fleet.nodes, ...fleet.agents].map(async (member) => member.ready())
    await Promise.race([Promise.all(ready), fleet.balancer.failed])
    return fleet
  }

  /** Whether the grace period of a program that was told to stop is just over. */
  isGraceOver(): boolean {
    const nowMs = performance.now()
    return [...this.nodes, ...this.agents].some(({ stoppedMs }) => {
      return stoppedMs !== undefined && nowMs - stoppedMs > this.gracePeriodMs - EARLY_MS
    })
  }

  async stop(): Promise<void> {
    await Promise.all([...this.nodes, ...this.agents].map(async (member) => member.kill()))
    await this.balancer.stop()
  }

  private agentArgs({ protocol, endpoint, servicePort }: AgentOfFleet): string[] {
    return [
      'agent',
      protocol,
      endpoint,
      String(servicePort),
      `--connect.url=http://127.0.0.1:${this.balancer.upstreamPort}`,
      `--grace-period=${formatDuration(this.gracePeriodMs)}`,
      '--access-log.disable',
    ]
  }
}

/** Clocks of processes that were signalled and of those who watch them differ by less. */
const EARLY_MS = 300

function nodeArgs(
  id: string,
  ports: NodePorts,
  join: string,
  { shutdownDelayMs, gracePeriodMs }: FleetOptions,
): string[] {
  return [
    'server',
    `--cluster.node-id=${id}`,
    `--cluster.join=${join}`,
    '--no-cluster.abort-if-join-fails',
    '--cluster.join-timeout=2s',
    `--proxy.bind-addr=127.0.0.1:${ports.proxy}`,
    `--upstream.bind-addr=127.0.0.1:${ports.upstream}`,
    `--admin.bind-addr=127.0.0.1:${ports.admin}`,
    `--cluster.gossip.bind-addr=127.0.0.1:${ports.gossip}`,
    `--shutdown.delay=${formatDuration(shutdownDelayMs)}`,
    `--grace-period=${formatDuration(gracePeriodMs)}`,
    '--proxy.access-log.disable',
  ]
}
