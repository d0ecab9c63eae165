const WAITING_PER_ENDPOINT_MAX = 256
const WAITING_MAX = 4_096

/** Requests for endpoints that vanished moments ago, waiting for them to come back. */
export class EndpointHolds {
  private readonly waiting = new Map<string, Set<() => void>>()
  private readonly holdMs: number
  private total = 0

  /** A request waits for `holdMs` at most; 0: none waits. */
  constructor(holdMs: number) {
    this.holdMs = holdMs
  }

  /**
   * Calls `resume` once: when the endpoint came back, or when it took too long. False: too many
   * wait, or nobody shall.
   */
  add(endpointId: string, resume: () => void): boolean {
    if (this.holdMs === 0) return false
    const requests = this.waiting.get(endpointId) ?? new Set()
    if (requests.size >= WAITING_PER_ENDPOINT_MAX || this.total >= WAITING_MAX) return false
    const timer = setTimeout(() => wake(), this.holdMs)
    const wake = (): void => {
      clearTimeout(timer)
      if (!requests.delete(wake)) return
      this.total -= 1
      if (requests.size === 0) this.waiting.delete(endpointId)
      resume()
    }
    this.waiting.set(endpointId, requests.add(wake))
    this.total += 1
    return true
  }

  /** The endpoint has an upstream again, here or elsewhere. */
  appeared(endpointId: string): void {
    for (const wake of this.waiting.get(endpointId) ?? []) wake()
  }
}
