/** Something that is under way, and is given up if it takes too long. */
export interface Timed {
  /** Its place in the set; the set's own. */
  seat: number
  /** When it is given up, on the clock of `performance.now()`; Infinity for never. */
  dueMs: number
  /** It is past its time, which is Infinity from now on until it is set again. */
  expired(): void
}

/** How late it may be seen that a time has come. */
const SWEEP_MS = 100

/**
 * What is under way, in no order:
 *
 *     seats   [ a ][ b ][ c ][ d ]     remove(b):  [ a ][ d ][ c ]
 *
 * A `Set` that turns over with every request leaves its old tables to the garbage collector; here
 * whoever has the last seat takes that of the one who leaves. The times of all are looked at
 * together, ten times a second: a timer for each request would be made, kept in order and thrown
 * away again without ever going off. Keeps no process alive.
 */
export class UnderWay<T extends Timed> {
  private readonly seats: T[] = []
  private timer: NodeJS.Timeout | undefined

  get size(): number {
    return this.seats.length
  }

  /** Adds one that is not there yet. */
  add(member: T): void {
    member.seat = this.seats.length
    this.seats.push(member)
    this.timer ??= setInterval(() => this.sweep(), SWEEP_MS).unref()
  }

  /** Removes one; of what is not there it takes no notice. */
  remove(member: T): void {
    if (this.seats[member.seat] !== member) return
    const last = this.seats.pop() as T
    if (last === member) return
    last.seat = member.seat
    this.seats[last.seat] = last
  }

  /** Those of this moment; the set may change while they are looked at. */
  members(): T[] {
    return [...this.seats]
  }

  private sweep(): void {
    if (this.seats.length === 0) {
      clearInterval(this.timer)
      this.timer = undefined
      return
    }
    const nowMs = performance.now()
    const late = this.seats.filter(({ dueMs }) => dueMs <= nowMs)
    for (const member of late) {
      member.dueMs = Number.POSITIVE_INFINITY
      member.expired()
    }
  }
}
