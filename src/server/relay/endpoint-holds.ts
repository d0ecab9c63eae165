/** How long a request waits for an endpoint that vanished moments ago. */
const HOLD_MS = 2_000
const WAITING_PER_ENDPOINT_MAX = 256
const WAITING_MAX = 4_096

/** Requests for endpoints that vanished moments ago, waiting for them to come back. */
export class EndpointHolds {
  private readonly waiting = new Map<string, Set<() => void>>()
  private total = 0

  /**
   * Calls `resume` once: when the endpoint came back, or when it took too long. False: too many.
   */
  add(endpointId: string, resume: () => void): boolean {
    const requests = this.waiting.get(endpointId) ?? new Set()
    if (requests.size >= WAITING_PER_ENDPOINT_MAX || this.total >= WAITING_MAX) return false
    const timer = setTimeout(() => wake(), HOLD_MS)
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
