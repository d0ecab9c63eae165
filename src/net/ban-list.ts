/** Addresses that are remembered; of more, the one that was banned first is forgotten. */
const REMEMBERED_MAX = 10_000

/** Whoever is banned again and again is so for this many times as long at most. */
const LENGTH_FACTOR_MAX = 8

interface Ban {
  readonly untilMs: number
  readonly lengthMs: number
}

/**
 * Who is banned, and who was until a while ago. An address stays on record for as long after its
 * ban as that took; banned again in that time, it is for twice as long.
 */
export class BanList {
  private readonly firstMs: number
  /** By address, in the order of the bans. */
  private readonly bans = new Map<string, Ban>()

  /** `firstMs`: how long a first ban lasts. */
  constructor(firstMs: number) {
    this.firstMs = firstMs
  }

  /** Whatever else comes of what was under way is no reason for a longer ban. */
  ban(address: string, nowMs: number): void {
    if (this.leftMs(address, nowMs) > 0) return
    const last = this.onRecord(address, nowMs)
    const lengthMs =
      last === undefined
        ? this.firstMs
        : Math.min(2 * last.lengthMs, LENGTH_FACTOR_MAX * this.firstMs)
    this.bans.delete(address)
    this.bans.set(address, { untilMs: nowMs + lengthMs, lengthMs })
    if (this.bans.size <= REMEMBERED_MAX) return
    const [first] = this.bans.keys()
    this.bans.delete(first as string)
  }

  /** How long the address is still banned; 0 when it is not. */
  leftMs(address: string, nowMs: number): number {
    const { untilMs } = this.onRecord(address, nowMs) ?? { untilMs: 0 }
    return Math.max(untilMs - nowMs, 0)
  }

  isOnRecord(address: string, nowMs: number): boolean {
    return this.onRecord(address, nowMs) !== undefined
  }

  private onRecord(address: string, nowMs: number): Ban | undefined {
    const ban = this.bans.get(address)
    if (ban === undefined || nowMs < ban.untilMs + ban.lengthMs) return ban
    this.bans.delete(address)
    return undefined
  }
}
