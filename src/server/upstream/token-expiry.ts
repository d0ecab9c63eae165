/** What is told of a token's end. */
export interface TokenExpiryOwner {
  /** The token ends soon: time to come back with a fresh one. */
  expiring(): void
  /** It is over. Last. */
  expired(): void
}

/** How long before its end a token is renewed: a share of what is left of it, at most this. */
const LEAD_SHARE = 0.2
const LEAD_MAX_MS = 30_000

/** Timers of Node hold 31 bits of milliseconds. */
const TIMER_MAX_MS = 2 ** 31 - 1

/**
 * Watches over the token that a tunnel was opened with. Tunnels whose tokens end together are not
 * renewed together: each takes a moment of its own before the end.
 */
export class TokenExpiry {
  private readonly expiresAtMs: number
  private readonly owner: TokenExpiryOwner
  private timer: NodeJS.Timeout | undefined

  /** `expiresAtMs` counts from 1970; infinity never comes. */
  constructor(expiresAtMs: number, owner: TokenExpiryOwner) {
    this.expiresAtMs = expiresAtMs
    this.owner = owner
    const leftMs = expiresAtMs - Date.now()
    const leadMs = Math.min(LEAD_MAX_MS, leftMs * LEAD_SHARE)
    const renewAtMs = expiresAtMs - leadMs * (0.5 + Math.random() / 2)
    this.at(renewAtMs, () => {
      owner.expiring()
      this.at(this.expiresAtMs, () => this.owner.expired())
    })
  }

  stop(): void {
    clearTimeout(this.timer)
  }

  private at(timeMs: number, act: () => void): void {
    if (timeMs === Number.POSITIVE_INFINITY) return
    const delayMs = timeMs - Date.now()
    this.timer = setTimeout(
      () => (delayMs > TIMER_MAX_MS ? this.at(timeMs, act) : act()),
      Math.min(delayMs, TIMER_MAX_MS),
    )
  }
}
