import { ClusterTable } from '../../src/cluster/cluster-table.ts'
import { endpointKey } from '../../src/cluster/node.ts'
import type { GossipConfig } from '../../src/gossip/config.ts'
import type { MembershipEvent } from '../../src/gossip/events.ts'
import { Gossiper } from '../../src/gossip/gossiper.ts'
import { unreachable } from '../../src/std/assert.ts'
import type { Random } from '../../src/std/prng.ts'
import type { EventQueue } from './event-queue.ts'
import type { Network, Receiver } from './network.ts'

/** Why the code of a process ran. */
export type Cause = 'tick' | 'packet' | 'stream' | 'contact' | 'local' | 'leave'

/** One entry of production code, and what it told. */
export interface Step {
  readonly process: SimProcess
  readonly cause: Cause
  readonly events: readonly MembershipEvent[]
}

export interface ProcessWatch {
  before(process: SimProcess): void
  after(step: Step): void
}

export interface ProcessOptions {
  readonly id: string
  readonly config: GossipConfig
  readonly random: Random
  readonly queue: EventQueue
  readonly network: Network
  readonly watch: ProcessWatch
  /** What a join address resolves to now. */
  readonly resolve: (joinAddress: string) => readonly string[]
}

/** The kernel keeps this many packets for a process that does not read them. */
const INBOX_MAX = 200

/**
 * One server process: the shipped Gossiper feeding the shipped ClusterTable, between a virtual
 * clock and a virtual network. It can be paused (packets wait, then arrive before the late tick),
 * its clock can jump, and it can end.
 */
export class SimProcess implements Receiver {
  readonly id: string
  readonly address: string
  readonly gossiper: Gossiper
  readonly table: ClusterTable
  /** What is really connected here. */
  readonly connected = new Map<string, number>()
  readonly startedAt: number
  /** Since when it ran without a pause or a jump of its clock. */
  awakeSince: number
  private readonly options: ProcessOptions
  private readonly inbox: (() => void)[] = []
  private clockOffsetMs = 0
  private isPaused = false
  private isOver = false
  private scheduled = -1
  private events: MembershipEvent[] = []

  constructor(options: ProcessOptions) {
    const { id, config, random, queue, network } = options
    this.options = options
    this.id = id
    this.address = config.address
    this.startedAt = queue.now
    this.awakeSince = queue.now
    this.table = new ClusterTable(id, { random, inFlight: () => 0 })
    this.gossiper = new Gossiper(
      {
        id,
        config,
        random,
        shell: {
          send: (address, packet) => network.send(this.address, address, packet),
          requestSync: (address, message) => network.stream(this.address, address, message),
          resolve: (joinAddress) => this.resolveSoon(joinAddress),
          event: (event) => this.take(event),
        },
      },
      this.now,
    )
    network.attach(this.address, this)
    this.schedule()
  }

  get now(): number {
    return this.options.queue.now + this.clockOffsetMs
  }

  get paused(): boolean {
    return this.isPaused
  }

  get ended(): boolean {
    return this.isOver
  }

  get hasLeft(): boolean {
    return this.gossiper.cluster.self.hasLeft
  }

  packet(from: string, bytes: Uint8Array): void {
    this.whenAwake(() => {
      this.act('packet', () => this.gossiper.receivePacket(from, bytes, this.now))
    })
  }

  stream(bytes: Uint8Array, answer: (bytes: Uint8Array) => void): void {
    this.whenAwake(() => {
      this.act('stream', () => {
        const reply = this.gossiper.receiveSync(bytes, this.now)
        if (reply !== undefined) answer(reply)
      })
    })
  }

  /** Upstreams connect to or disconnect from this node; 0 removes the endpoint. */
  setUpstreams(endpoint: string, count: number): void {
    if (count > 0) this.connected.set(endpoint, count)
    else this.connected.delete(endpoint)
    const key = endpointKey(endpoint)
    this.act('local', () => {
      if (count > 0) {
        this.gossiper.upsertLocal(key, String(count))
        this.table.upserted(this.id, key, String(count), this.now)
      } else {
        this.gossiper.deleteLocal(key)
        this.table.deleted(this.id, key, this.now)
      }
    })
  }

  leave(): void {
    this.act('leave', () => this.gossiper.leave(this.now))
  }

  pause(): void {
    this.isPaused = true
    this.scheduled = -1
  }

  resume(): void {
    if (!this.isPaused) return
    this.isPaused = false
    this.awakeSince = this.options.queue.now
    for (const deliver of this.inbox.splice(0)) deliver()
    this.schedule()
  }

  /** A timer that is set runs on: timers count time, they do not read clocks. */
  jumpClock(byMs: number): void {
    this.clockOffsetMs += byMs
    this.awakeSince = this.options.queue.now
  }

  end(): void {
    this.isOver = true
    this.options.network.detach(this.address)
  }

  private act(cause: Cause, run: () => void): void {
    const { watch } = this.options
    watch.before(this)
    this.events = []
    run()
    watch.after({ process: this, cause, events: this.events })
    this.schedule()
  }

  private whenAwake(deliver: () => void): void {
    if (this.isOver) return
    if (!this.isPaused) deliver()
    else if (this.inbox.length < INBOX_MAX) this.inbox.push(deliver)
  }

  private resolveSoon(joinAddress: string): void {
    this.options.queue.schedule(1, () => {
      this.whenAwake(() => {
        const addresses = this.options.resolve(joinAddress)
        this.act('contact', () => this.gossiper.contact(addresses, this.now))
      })
    })
  }

  /** Keeps one timer at the deadline; one that was set for another moment does nothing. */
  private schedule(): void {
    const at = this.gossiper.deadline - this.clockOffsetMs
    if (this.isPaused || this.isOver || Math.abs(at - this.scheduled) < 0.01) return
    this.scheduled = at
    this.options.queue.schedule(at - this.options.queue.now, () => {
      if (this.isPaused || this.isOver || this.scheduled !== at) return
      this.scheduled = -1
      this.act('tick', () => this.gossiper.tick(this.now))
    })
  }

  /** What the membership shell of the server does with an event. */
  private take(event: MembershipEvent): void {
    this.events.push(event)
    const { table, now } = this
    switch (event.type) {
      case 'joined':
        return table.joined(event.id, event.address, now)
      case 'reachable':
        return table.reachable(event.id)
      case 'unreachable':
        return table.unreachable(event.id, now)
      case 'left':
        return table.left(event.id, now)
      case 'expired':
        return table.expired(event.id, now)
      case 'upserted':
        return table.upserted(event.id, event.key, event.value, now)
      case 'deleted':
        return table.deleted(event.id, event.key, now)
      case 'reborn':
        return undefined
      default:
        return unreachable(event)
    }
  }
}
