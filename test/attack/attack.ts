/** Where a node listens, on the loopback. */
export interface Victim {
  readonly proxy: number
  readonly upstream: number
  readonly gossip: number
  /** An endpoint that somebody else serves. */
  readonly endpoint: string
}

/** What one stranger with a processor core of his own does to a node. */
export interface Attack {
  readonly name: string
  /** Resolves when it is at its full strength; it goes on until its process ends. */
  begin(victim: Victim): Promise<void>
}
