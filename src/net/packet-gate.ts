/** How long one count goes on. */
const WINDOW_MS = 1_000

/**
 * Bounds how many datagrams a second are looked at. Everybody's are up to a number; above it only
 * those of addresses that are known, so that a flood from elsewhere silences no node.
 */
export class PacketGate {
  private readonly strangersPerSecond: number
  private readonly knownAddresses: () => Iterable<string>
  private windowEndsMs = 0
  private count = 0
  /** Taken down when the first datagram too many comes. */
  private known: ReadonlySet<string> | undefined

  constructor(strangersPerSecond: number, knownAddresses: () => Iterable<string>) {
    this.strangersPerSecond = strangersPerSecond
    this.knownAddresses = knownAddresses
  }

  admits(from: string, nowMs: number): boolean {
    if (nowMs >= this.windowEndsMs) {
      this.windowEndsMs = nowMs + WINDOW_MS
      this.count = 0
      this.known = undefined
    }
    this.count += 1
    if (this.count <= this.strangersPerSecond) return true
    this.known ??= new Set(this.knownAddresses())
    return this.known.has(from)
  }
}
