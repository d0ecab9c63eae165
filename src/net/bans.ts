import type { Socket } from 'node:net'
import type { NetworkSet } from './network-set.ts'
import { Strikes } from './strikes.ts'
import { Tarpit } from './tarpit.ts'

/** Banned addresses that are remembered; of more, the first is forgotten. */
const BANNED_MAX = 10_000

/** Heads that an address may send in a second and that nobody can read. */
const BROKEN_HEADS_MAX = 20

export interface BansOptions {
  /** How long a ban lasts, in milliseconds; 0: nobody is banned. */
  readonly banMs: number
  /** Who is never banned. */
  readonly exempt: NetworkSet
  /** Connections of banned addresses that are held at once; one more is closed. */
  readonly heldMax: number
}

/** The addresses that flood a port: they get no answer there for a while. */
export class Bans {
  private readonly options: BansOptions
  /** By address, in the order of the bans. */
  private readonly untilMs = new Map<string, number>()
  private readonly brokenHeads = new Strikes(BROKEN_HEADS_MAX)
  private readonly tarpit: Tarpit

  constructor(options: BansOptions) {
    this.options = options
    this.tarpit = new Tarpit(options.heldMax)
  }

  /** Connections that come from there are held. Those that stand are not touched. */
  ban(address: string): void {
    const { banMs } = this.options
    if (!this.canBan(address)) return
    this.untilMs.delete(address)
    this.untilMs.set(address, performance.now() + banMs)
    if (this.untilMs.size <= BANNED_MAX) return
    const [first] = this.untilMs.keys()
    this.untilMs.delete(first as string)
  }

  /**
   * A head came from there that is too large, or no HTTP. True when there were too many, and the
   * address is banned.
   */
  sentBrokenHead(address: string): boolean {
    if (!this.canBan(address)) return false
    if (!this.brokenHeads.note(address, performance.now())) return false
    this.ban(address)
    return true
  }

  /** Keeps a new connection if its address is banned, until it is not. */
  holds(socket: Socket, address: string): boolean {
    const untilMs = this.untilMs.get(address)
    if (untilMs === undefined) return false
    const leftMs = untilMs - performance.now()
    if (leftMs > 0) this.tarpit.hold(socket, leftMs)
    else this.untilMs.delete(address)
    return leftMs > 0
  }

  /** Lets go of the connections that are held. */
  close(): void {
    this.tarpit.empty()
  }

  private canBan(address: string): boolean {
    const { banMs, exempt } = this.options
    return banMs > 0 && address !== '' && !exempt.includes(address)
  }
}
