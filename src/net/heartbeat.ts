/** Something with deadlines that can wait up to a second to be looked at. */
export interface Ticking {
  tick(nowMs: number): void
}

const INTERVAL_MS = 1_000
/** A beat looks at a share of the members, so that ten thousand keep-alives are no burst. */
const SLICES = 20

/**
 * One timer for all tunnels of a process: each member is ticked once a second, in its own twentieth
 * of it. Runs only while there are members, and keeps no process alive.
 */
export class Heartbeat {
  private readonly slices: readonly Set<Ticking>[] = Array.from({ length: SLICES }, () => new Set())
  private nextJoin = 0
  private nextBeat = 0
  private size = 0
  private timer: NodeJS.Timeout | undefined

  /** Adds a member; the returned call removes it. */
  add(member: Ticking): () => void {
    const slice = this.slices[this.nextJoin] as Set<Ticking>
    this.nextJoin = (this.nextJoin + 1) % SLICES
    slice.add(member)
    this.size += 1
    this.timer ??= setInterval(() => this.beat(), INTERVAL_MS / SLICES).unref()
    return () => {
      if (slice.delete(member)) this.left()
    }
  }

  private beat(): void {
    const nowMs = performance.now()
    for (const member of this.slices[this.nextBeat] as Set<Ticking>) member.tick(nowMs)
    this.nextBeat = (this.nextBeat + 1) % SLICES
  }

  private left(): void {
    this.size -= 1
    if (this.size > 0) return
    clearInterval(this.timer)
    this.timer = undefined
  }
}
