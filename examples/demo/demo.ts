import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { closeServer, listen } from '../../src/net/listen.ts'
import type { DemoOptions } from './options.ts'
import { briefly } from '../../src/cli/log-line.ts'
import { PikoProcess } from '../../src/cli/piko-process.ts'
import { PIKO } from './piko-program.ts'
import { createSampleService } from './sample-service.ts'

/** Where the demo can be reached. */
export interface DemoPorts {
  readonly proxy: number
  readonly upstream: number
  readonly admin: number
  readonly service: number
}

const PORTS = ['proxy', 'upstream', 'admin'] as const

const RETRY_MS = 50

/** Only this machine needs to reach the demo. */
const HOST = '127.0.0.1'

/** Nobody waits long for a demo to end. */
const GRACE_PERIOD = '2s'

/**
 * A service without a public port, two agents beside it, and the cluster that they make it reach.
 */
export class Demo {
  private readonly options: DemoOptions
  private readonly say: (line: string) => void
  private readonly processes: PikoProcess[] = []
  private readonly service: Server
  private stopping = false
  private muted = false

  constructor(options: DemoOptions, say: (line: string) => void) {
    this.options = options
    this.say = say
    this.service = createSampleService(options.endpointId)
  }

  /** Starts everything, each part once the one that it needs is there. Rejects with the reason. */
  async start(): Promise<DemoPorts> {
    const service = await this.startService()
    const ports = { ...(await this.startCluster()), service }
    // Agents may connect to any node; the balancer sends them to different ones.
    await this.startAgent('agent-1', ports)
    await this.startAgent('agent-2', ports)
    await this.untilEveryNodeAnswers(ports)
    return ports
  }

  /** Sends one request through Piko, on a connection of its own, like any client. */
  async sendRequest({ proxy }: DemoPorts): Promise<{ status: number; body: string }> {
    const headers = { 'x-piko-endpoint': this.options.endpointId }
    const sent = request({ host: HOST, port: proxy, headers, agent: false }).end()
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    return { status: response.statusCode ?? 0, body: await text(response) }
  }

  /** What `piko` prints when it is called with these arguments. */
  async ask(...args: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(process.execPath, [PIKO, ...args])
    return stdout
  }

  /** Rejects when one of the processes ends by itself. */
  async watch(): Promise<never> {
    throw await Promise.race(this.processes.map(async ({ ended }) => ended))
  }

  /** Says nothing more of what the processes log. */
  mute(): void {
    this.muted = true
  }

  /** Ends what was started, in the opposite order. */
  async stop(): Promise<void> {
    this.stopping = true
    for (const running of this.processes.toReversed()) await running.stop()
    if (this.service.listening) await closeServer(this.service)
  }

  private async startService(): Promise<number> {
    const address = { host: HOST, port: this.options.servicePort }
    return (await listen(this.service, address, 'service')).port
  }

  private async startCluster(): Promise<Omit<DemoPorts, 'service'>> {
    const { nodes, proxyPort, upstreamPort, adminPort } = this.options
    const cluster = this.spawn('cluster', [
      'test',
      'cluster',
      `--nodes=${nodes}`,
      `--proxy.bind-addr=${HOST}:${proxyPort}`,
      `--upstream.bind-addr=${HOST}:${upstreamPort}`,
      `--admin.bind-addr=${HOST}:${adminPort}`,
    ])
    // It prints where its balancer listens when every node knows all others.
    const printed = PORTS.map(async (name) => {
      const address = new RegExp(`^  ${name} +http://.*:(\\d+)$`)
      const line = await cluster.line((candidate) => address.test(candidate.text))
      return [name, Number(address.exec(line.text)?.[1])] as const
    })
    return Object.fromEntries(await Promise.all(printed)) as Omit<DemoPorts, 'service'>
  }

  private async startAgent(name: string, { upstream, service }: DemoPorts): Promise<void> {
    const agent = this.spawn(name, [
      'agent',
      'http',
      this.options.endpointId,
      String(service),
      `--connect.url=http://${HOST}:${upstream}`,
    ])
    await agent.logged('connected')
  }

  /** Nodes tell each other of endpoints within a moment; each connection goes to the next node. */
  private async untilEveryNodeAnswers(ports: DemoPorts): Promise<void> {
    for (let answered = 0; answered < this.options.nodes && !this.stopping;) {
      const { status } = await this.sendRequest(ports)
      answered = status === 200 ? answered + 1 : 0
      if (answered === 0) await setTimeout(RETRY_MS)
    }
  }

  private spawn(name: string, args: readonly string[]): PikoProcess {
    if (this.stopping) throw new Error('the demo is over')
    const started = new PikoProcess(name, [
      process.execPath,
      PIKO,
      ...args,
      `--grace-period=${GRACE_PERIOD}`,
    ])
    this.processes.push(started)
    this.say(`${name} | pid ${started.pid}: piko ${args.join(' ')}`)
    started.onLine((line) => {
      // The cluster tells its lines apart by itself.
      const label = name === 'cluster' ? '' : `${name} | `
      if (!this.muted && line.text !== '') this.say(label + briefly(line))
    })
    return started
  }
}
