/** How long one count goes on. */
const WINDOW_MS = 1_000

/**
 * Bounds how many datagrams a second are looked at. Everybody's are up to a number; above it only
 * those of addresses that are known, so that a flood from elsewhere silences no node.
 */
export class PacketGate {
  private readonly strangersPerSecond: number
  private readonly knownAddresses: () => Iterable<string>
  /** When the count of strangers begins anew. */
  windowEndsMs = 0
  private count = 0
  private knownNow: ReadonlySet<string> | undefined

  constructor(strangersPerSecond: number, knownAddresses: () => Iterable<string>) {
    this.strangersPerSecond = strangersPerSecond
    this.knownAddresses = knownAddresses
  }

  admits(from: string, nowMs: number): boolean {
    if (nowMs >= this.windowEndsMs) {
      this.windowEndsMs = nowMs + WINDOW_MS
      this.count = 0
      this.knownNow = undefined
    }
    this.count += 1
    if (this.count <= this.strangersPerSecond) return true
    return this.known.has(from)
  }

  /** Taken down once a window, when the first datagram too many comes. */
  get known(): ReadonlySet<string> {
    this.knownNow ??= new Set(this.knownAddresses())
    return this.knownNow
  }
}
