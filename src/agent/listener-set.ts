import type { Logger } from '../log/logger.ts'
import type { ListenerConfig } from './config.ts'

/** One endpoint of an agent, whatever it carries. */
export interface AgentListener {
  /** Requests and connections under way. */
  readonly exchangeCount: number
  start(): void
  /** Takes no more; resolves when what is under way is done. */
  drain(): Promise<void>
  /** Cuts what is left. */
  close(): void
}

/** What becomes of a listener for the first time. */
export interface ListenerNews {
  connected(): void
  /** The server will never let it in. */
  refused(): void
}

export interface ListenerSetOptions {
  readonly create: (config: ListenerConfig, news: ListenerNews) => AgentListener
  readonly logger: Logger
  /** How long a listener that is taken away may finish what it has. */
  readonly graceMs: () => number
  /** Every listener was refused. */
  readonly allRefused: () => void
}

/** A listener as it was configured. */
interface Member {
  readonly config: ListenerConfig
  readonly listener: AgentListener
  /** Resolves when it is known whether the server lets the listener in. */
  readonly settled: Promise<void>
  refused: boolean
}

/**
 * The listeners of an agent, and how they change with its configuration: what stays the same is not
 * disturbed, what is new starts, what is gone drains. One that changed is both: its successor
 * connects first, so that the endpoint is never without one.
 */
export class ListenerSet {
  private readonly options: ListenerSetOptions
  private members: readonly Member[] = []
  /** Taken away, with something still under way. */
  private readonly retiring = new Set<AgentListener>()

  constructor(options: ListenerSetOptions) {
    this.options = options
  }

  get exchangeCount(): number {
    return this.all().reduce((sum, { exchangeCount }) => sum + exchangeCount, 0)
  }

  /** Makes these the listeners. */
  configure(configs: readonly ListenerConfig[]): void {
    const left = [...this.members]
    const added: Member[] = []
    this.members = configs.map((config) => {
      const text = JSON.stringify(config)
      const known = left.findIndex((member) => JSON.stringify(member.config) === text)
      const [kept] = known === -1 ? [] : left.splice(known, 1)
      if (kept === undefined) added.push(this.create(config))
      return kept ?? (added.at(-1) as Member)
    })
    for (const { listener } of added) listener.start()
    for (const member of left) void this.retire(member, added)
  }

  async drain(): Promise<void> {
    await Promise.all(this.all().map(async (listener) => listener.drain()))
  }

  close(): void {
    for (const listener of this.all()) listener.close()
  }

  private all(): AgentListener[] {
    return [...this.members.map(({ listener }) => listener), ...this.retiring]
  }

  private create(config: ListenerConfig): Member {
    let settle = (): void => {}
    const settled = new Promise<void>((resolve) => {
      settle = resolve
    })
    const news: ListenerNews = {
      connected: settle,
      refused: () => {
        member.refused = true
        settle()
        if (this.members.every(({ refused }) => refused)) this.options.allRefused()
      },
    }
    const listener = this.options.create(config, news)
    const member: Member = { config, listener, settled, refused: false }
    return member
  }

  private async retire({ config, listener }: Member, added: readonly Member[]): Promise<void> {
    const { logger, graceMs } = this.options
    const { endpointId } = config
    this.retiring.add(listener)
    const successors = added.filter((member) => member.config.endpointId === endpointId)
    await Promise.all(successors.map(async ({ settled }) => settled))
    logger.info('listener leaving', { 'endpoint-id': endpointId })
    const cut = setTimeout(() => listener.close(), graceMs())
    await listener.drain()
    clearTimeout(cut)
    listener.close()
    this.retiring.delete(listener)
  }
}
