import { DEFAULT_GOSSIP, type GossipConfig } from '../../src/gossip/config.ts'
import { assert } from '../../src/std/assert.ts'
import { seededRandom, type Random } from '../../src/std/prng.ts'
import { Violation, type Checker, type CheckerFactory } from './checker.ts'
import { EventQueue } from './event-queue.ts'
import { Network } from './network.ts'
import { SimProcess, type Step } from './sim-process.ts'
import { TraceHash } from './trace-hash.ts'

export interface WorldOptions {
  readonly seed: number
  readonly config?: Partial<GossipConfig>
  readonly checkers?: readonly CheckerFactory[]
  /** The largest packet that any link carries. */
  readonly mtuBytes?: number
}

/** The wall clock when virtual time began. */
const EPOCH_MS = 1_700_000_000_000

/**
 * A cluster in virtual time. Everything in it follows from the seed and from the calls: the same
 * calls on the same seed give the same trace.
 *
 *     chaos or a scenario ──calls──▶ World ──▶ processes ⇄ network
 *                                      └── every step ──▶ checkers, trace hash
 */
export class World {
  readonly queue = new EventQueue()
  readonly network: Network
  readonly trace = new TraceHash()
  /** The running process of each node id. */
  readonly processes = new Map<string, SimProcess>()
  /** Processes that crashed or left, in the order in which they ended. */
  readonly endings: { readonly process: SimProcess; readonly at: number }[] = []
  private readonly options: WorldOptions
  private readonly checkers: readonly Checker[]
  private readonly addresses = new Map<string, string>()
  private streams = 0
  private starts = 0

  constructor(options: WorldOptions) {
    this.options = options
    const watch = {
      sent: (from: string, to: string, bytes: Uint8Array) => {
        this.trace.message(bytes)
        for (const checker of this.checkers) checker.sent?.(from, to, bytes)
      },
      delivered: (from: string, to: string, bytes: Uint8Array) => {
        for (const checker of this.checkers) checker.delivered?.(from, to, bytes)
      },
      streamed: (_from: string, _to: string, bytes: Uint8Array) => this.trace.message(bytes),
    }
    const mtuBytes = options.mtuBytes ?? DEFAULT_GOSSIP.packetBytesMax
    this.network = new Network(this.queue, this.random(), watch, mtuBytes)
    this.checkers = (options.checkers ?? []).map((make) => make(this))
  }

  get now(): number {
    return this.queue.now
  }

  /** The configuration that processes start with, but for the address. */
  get config(): Omit<GossipConfig, 'address' | 'generation' | 'join'> {
    return { ...DEFAULT_GOSSIP, ...this.options.config }
  }

  /** Another stream of numbers, of its own but given by the seed. */
  random(): Random {
    this.streams += 1
    return seededRandom(Math.imul(this.options.seed, 0x9e3779b1) + this.streams * 0x632be5ab)
  }

  addressOf(id: string): string {
    const known = this.addresses.get(id)
    if (known !== undefined) return known
    const index = this.addresses.size + 1
    const address = `10.0.${index >> 8}.${index & 0xff}:8003`
    this.addresses.set(id, address)
    return address
  }

  /** Starts a process under `id`. Join addresses are node ids; `all` is a name for all of them. */
  start(id: string, join: readonly string[] = ['all'], clockSkewMs = 0): SimProcess {
    assert(!this.processes.has(id), `${id} runs already`)
    this.starts += 1
    const config: GossipConfig = {
      ...this.config,
      address: this.addressOf(id),
      generation: EPOCH_MS + Math.floor(this.now) + this.starts + clockSkewMs,
      join,
    }
    const { queue, network } = this
    const watch = {
      before: (process: SimProcess) => this.before(process),
      after: (step: Step) => this.after(step),
    }
    const resolve = (name: string) => this.resolve(name)
    const process = new SimProcess({
      id,
      config,
      random: this.random(),
      queue,
      network,
      watch,
      resolve,
    })
    this.processes.set(id, process)
    this.after({ process, cause: 'local', events: [] })
    return process
  }

  process(id: string): SimProcess {
    const process = this.processes.get(id)
    assert(process !== undefined, `${id} does not run`)
    return process
  }

  /** Ends a process without a word: SIGKILL, or the last moment of one that left. */
  end(id: string): void {
    const process = this.process(id)
    process.end()
    this.processes.delete(id)
    this.endings.push({ process, at: this.now })
  }

  /** Cuts the network into groups that hear nothing of each other. */
  partition(...groups: readonly (readonly string[])[]): void {
    for (const from of groups) {
      for (const to of groups) if (from !== to) this.silence(from, to)
    }
  }

  /** Cuts one direction. */
  silence(from: readonly string[], to: readonly string[]): void {
    for (const sender of from) {
      for (const receiver of to) {
        this.network.block(this.addressOf(sender), this.addressOf(receiver))
      }
    }
  }

  run(durationMs: number, isDone?: () => boolean): void {
    this.queue.runUntil(this.now + durationMs, isDone)
  }

  fail(checker: string, message: string): never {
    throw new Violation(checker, this.now, message)
  }

  private resolve(name: string): readonly string[] {
    return name === 'all' ? [...this.addresses.values()] : [this.addressOf(name)]
  }

  private before(process: SimProcess): void {
    for (const checker of this.checkers) checker.before?.({ process })
  }

  private after(step: Step): void {
    this.trace.number(this.now)
    this.trace.text(step.process.id)
    for (const event of step.events) this.trace.text(`${event.type} ${event.id}`)
    for (const checker of this.checkers) checker.after?.(step)
  }
}
