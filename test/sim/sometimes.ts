/**
 * Counts how often rare states were reached. A campaign that finds nothing wrong has shown little
 * if it never got where things go wrong, so one that leaves a state unreached fails.
 */
export class Sometimes {
  private readonly counts = new Map<string, number>()

  constructor(states: readonly string[]) {
    for (const state of states) this.counts.set(state, 0)
  }

  reached(state: string, times = 1): void {
    this.counts.set(state, (this.counts.get(state) ?? 0) + times)
  }

  add(other: Sometimes): void {
    for (const [state, count] of other.counts) this.reached(state, count)
  }

  get unreached(): readonly string[] {
    return [...this.counts].filter(([, count]) => count === 0).map(([state]) => state)
  }

  toString(): string {
    return [...this.counts]
      .map(([state, count]) => `${String(count).padStart(9)}  ${state}`)
      .join('\n')
  }
}
