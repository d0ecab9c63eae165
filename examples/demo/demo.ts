import type { Server } from 'node:http'
import { closeServer, listen } from '../../src/net/listen.ts'
import type { DemoOptions } from './options.ts'
import { briefly } from './log-line.ts'
import { PikoProcess } from './piko-process.ts'
import { createSampleService } from './sample-service.ts'

/** Where the demo can be reached. */
export interface DemoPorts {
  readonly proxy: number
  readonly upstream: number
  readonly admin: number
  readonly service: number
}

/** Only this machine needs to reach the demo. */
const HOST = '127.0.0.1'

/** Nobody waits long for a demo to end. */
const GRACE_PERIOD = '2s'

/** A service without a public port, an agent beside it, and the node that makes it reachable. */
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
    const { endpointId, proxyPort, upstreamPort, adminPort } = this.options
    const service = await this.startService()
    const node = this.spawn('node', [
      'server',
      `--proxy.bind-addr=${HOST}:${proxyPort}`,
      `--upstream.bind-addr=${HOST}:${upstreamPort}`,
      `--admin.bind-addr=${HOST}:${adminPort}`,
      // There is no second node to talk to.
      `--cluster.gossip.bind-addr=${HOST}:0`,
    ])
    const { fields } = await node.logged('node started')
    const portOf = (name: string) => Number(fields[`${name}-port`])
    const ports = {
      proxy: portOf('proxy'),
      upstream: portOf('upstream'),
      admin: portOf('admin'),
      service,
    }
    // The node's word counts: from then on it has somewhere to send requests.
    const registered = node.logged('upstream connected')
    const agent = this.spawn('agent', [
      'agent',
      'http',
      endpointId,
      String(service),
      `--connect.url=http://${HOST}:${ports.upstream}`,
    ])
    await Promise.race([registered, agent.ended.then(rethrow)])
    return ports
  }

  /** Sends one request through Piko, like any client; resolves with the answer's text. */
  async sendRequest({ proxy }: DemoPorts): Promise<string> {
    const response = await fetch(`http://${HOST}:${proxy}/`, {
      headers: { 'x-piko-endpoint': this.options.endpointId },
    })
    return response.text()
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

  private spawn(name: string, args: readonly string[]): PikoProcess {
    if (this.stopping) throw new Error('the demo is over')
    const started = new PikoProcess(name, [...args, '--grace-period', GRACE_PERIOD])
    this.processes.push(started)
    this.say(`${name.padEnd(5)} | pid ${started.pid}: piko ${args.join(' ')}`)
    started.onLine((line) => {
      if (!this.muted) this.say(`${name.padEnd(5)} | ${briefly(line)}`)
    })
    return started
  }
}

function rethrow(error: Error): never {
  throw error
}
