import type { Socket } from 'node:net'
import { BanList } from './ban-list.ts'
import type { NetworkSet } from './network-set.ts'
import { Strikes } from './strikes.ts'
import { Tarpit } from './tarpit.ts'

/** Heads that nobody can read: how many an address may send in a second, and one on record. */
const BROKEN_HEADS_MAX = 20
const BROKEN_HEADS_MAX_ON_RECORD = 5

export interface BansOptions {
  /** How long a first ban lasts, in milliseconds; 0: nobody is banned. */
  readonly banMs: number
  /** Who is never banned. */
  readonly exempt: NetworkSet
  /** Connections of banned addresses that are held at once; one more is closed. */
  readonly heldMax: number
}

/** The addresses that flood a port: they get no answer there for a while. */
export class Bans {
  private readonly options: BansOptions
  private readonly list: BanList
  private readonly brokenHeads = new Strikes()
  private readonly tarpit: Tarpit

  constructor(options: BansOptions) {
    this.options = options
    this.list = new BanList(options.banMs)
    this.tarpit = new Tarpit(options.heldMax)
  }

  /** Connections that come from there are held. Those that stand are not touched. */
  ban(address: string): void {
    if (this.canBan(address)) this.list.ban(address, performance.now())
  }

  /**
   * A head came from there that is too large, or no HTTP. True when there were too many, and the
   * address is banned.
   */
  sentBrokenHead(address: string): boolean {
    if (!this.canBan(address)) return false
    const nowMs = performance.now()
    const isOnRecord = this.list.isOnRecord(address, nowMs)
    const max = isOnRecord ? BROKEN_HEADS_MAX_ON_RECORD : BROKEN_HEADS_MAX
    if (this.brokenHeads.note(address, nowMs) <= max) return false
    this.list.ban(address, nowMs)
    return true
  }

  /** Keeps a new connection if its address is banned, until it is not. */
  holds(socket: Socket, address: string): boolean {
    const leftMs = this.list.leftMs(address, performance.now())
    if (leftMs === 0) return false
    this.tarpit.hold(socket, leftMs)
    return true
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
