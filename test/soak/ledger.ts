/** What the load does; each kind is counted by itself. */
export type LoadKind =
  | 'get'
  | 'post'
  | 'slow'
  | 'upload'
  | 'download'
  | 'events'
  | 'upgrade'
  | 'tcp'

/** How one part of a campaign went. */
export interface PhaseReport {
  readonly name: string
  readonly done: number
  readonly failed: number
  /** When the last failure was, after the phase began. */
  readonly lastFailureMs: number
  /** `post to pair: status 502` → how often. */
  readonly failuresByCause: Readonly<Record<string, number>>
  /** The longest time without the answer to a GET, by endpoint. */
  readonly longestGapMs: Readonly<Record<string, number>>
}

class Phase {
  readonly name: string
  readonly done = new Map<LoadKind, number>()
  private readonly startedMs = performance.now()
  private readonly failures = new Map<string, number>()
  private readonly gaps = new Map<string, { lastMs: number; longestMs: number }>()
  private lastFailureMs = 0
  failed = 0

  constructor(name: string) {
    this.name = name
  }

  succeeded(kind: LoadKind, endpoint: string): void {
    this.done.set(kind, (this.done.get(kind) ?? 0) + 1)
    if (kind !== 'get') return
    const nowMs = performance.now()
    const gap = this.gaps.get(endpoint) ?? { lastMs: this.startedMs, longestMs: 0 }
    const longestMs = Math.max(gap.longestMs, nowMs - gap.lastMs)
    this.gaps.set(endpoint, { lastMs: nowMs, longestMs })
  }

  missed(kind: LoadKind, endpoint: string, cause: string): void {
    this.failed += 1
    this.lastFailureMs = performance.now() - this.startedMs
    const text = `${kind} to ${endpoint}: ${cause}`
    this.failures.set(text, (this.failures.get(text) ?? 0) + 1)
  }

  report(): PhaseReport {
    const gaps = Array.from(this.gaps, ([endpoint, { longestMs }]): [string, number] => [
      endpoint,
      Math.round(longestMs),
    ])
    return {
      name: this.name,
      done: sum(this.done.values()),
      failed: this.failed,
      lastFailureMs: Math.round(this.lastFailureMs),
      failuresByCause: Object.fromEntries(this.failures),
      longestGapMs: Object.fromEntries(gaps),
    }
  }
}

/** Keeps account of what the load did and how it went, phase by phase. */
export class Ledger {
  private readonly phases: Phase[] = [new Phase('before')]

  /** What ends from now on belongs to another phase. */
  begin(name: string): void {
    this.phases.push(new Phase(name))
  }

  succeeded(kind: LoadKind, endpoint: string): void {
    this.current.succeeded(kind, endpoint)
  }

  missed(kind: LoadKind, endpoint: string, cause: string): void {
    this.current.missed(kind, endpoint, cause)
  }

  get failedCount(): number {
    return sum(this.phases.map(({ failed }) => failed))
  }

  /** How much of each kind was done. */
  doneByKind(): Readonly<Partial<Record<LoadKind, number>>> {
    const done = new Map<LoadKind, number>()
    for (const phase of this.phases) {
      for (const [kind, count] of phase.done) done.set(kind, (done.get(kind) ?? 0) + count)
    }
    return Object.fromEntries(done)
  }

  report(): PhaseReport[] {
    return this.phases.map((phase) => phase.report())
  }

  private get current(): Phase {
    return this.phases.at(-1) as Phase
  }
}

function sum(counts: Iterable<number>): number {
  let total = 0
  for (const count of counts) total += count
  return total
}
