interface Scheduled {
  readonly at: number
  /** Breaks ties in the order of scheduling, so that a run never depends on the heap's shape. */
  readonly order: number
  readonly run: () => void
}

/**
 * Virtual time: what happens next is what was scheduled earliest. A binary heap in an array.
 *
 *     children of slot i are slots 2i + 1 and 2i + 2, never earlier than their parent
 */
export class EventQueue {
  private readonly heap: Scheduled[] = []
  private order = 0
  private current = 0

  /** Milliseconds since the start of the run. */
  get now(): number {
    return this.current
  }

  schedule(delayMs: number, run: () => void): void {
    const item = { at: this.current + Math.max(0, delayMs), order: this.order++, run }
    let slot = this.heap.length
    while (slot > 0) {
      const parent = (slot - 1) >> 1
      if (!isBefore(item, this.heap[parent] as Scheduled)) break
      this.heap[slot] = this.heap[parent] as Scheduled
      slot = parent
    }
    this.heap[slot] = item
  }

  /** Runs everything that is due up to `until`, and stops there, or earlier when told so. */
  runUntil(until: number, isDone: () => boolean = () => false): void {
    while (!isDone()) {
      const first = this.heap[0]
      if (first === undefined || first.at > until) {
        this.current = until
        return
      }
      this.removeFirst()
      this.current = first.at
      first.run()
    }
  }

  private removeFirst(): void {
    const item = this.heap.pop() as Scheduled
    const size = this.heap.length
    if (size === 0) return
    let slot = 0
    while (true) {
      let child = 2 * slot + 1
      if (child >= size) break
      const right = child + 1
      if (right < size && isBefore(this.heap[right] as Scheduled, this.heap[child] as Scheduled)) {
        child = right
      }
      if (!isBefore(this.heap[child] as Scheduled, item)) break
      this.heap[slot] = this.heap[child] as Scheduled
      slot = child
    }
    this.heap[slot] = item
  }
}

function isBefore(left: Scheduled, right: Scheduled): boolean {
  return left.at < right.at || (left.at === right.at && left.order < right.order)
}
