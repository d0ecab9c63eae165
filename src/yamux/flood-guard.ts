/** Frames that cost the peer next to nothing, and how many are taken between two ticks. */
export const FLOOD_LIMITS = {
  /** Each is answered, the transport's own too. The Go peers send one in 30 s. */
  ping: 1_000,
  /** SYNs that are answered with RST; a peer that meets a limit while it is busy stays below. */
  refusal: 10_000,
  /** Streams that the peer opened and reset: each has set its owner to work. */
  cancellation: 10_000,
  /** Frames that change nothing: for unknown streams, empty, or with next to no credit. */
  futile: 30_000,
  /** Pieces of the transport's that no frame fits into, with bytes for a stream. */
  crumb: 20_000,
  /**
   * Such pieces with bytes for nobody: parts of a header, none at all, or those of a stream that
   * was reset, until the peer knows.
   */
  scrap: 2_500,
} as const satisfies Record<string, number>

export type FloodKind = keyof typeof FLOOD_LIMITS

/** Counts cheap frames between two ticks, about a second apart. */
export class FloodGuard {
  private counts: Record<FloodKind, number> = { ...NONE }
  private isClean = true

  /** Counts one more; false when it is one too many. */
  admits(kind: FloodKind): boolean {
    this.isClean = false
    this.counts[kind] += 1
    return this.counts[kind] <= FLOOD_LIMITS[kind]
  }

  tick(): void {
    if (this.isClean) return
    this.counts = { ...NONE }
    this.isClean = true
  }
}

const NONE: Record<FloodKind, number> = {
  ping: 0,
  refusal: 0,
  cancellation: 0,
  futile: 0,
  crumb: 0,
  scrap: 0,
}
