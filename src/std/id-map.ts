/** Slots of a map with its first member; a power of two, as every capacity. */
const CAPACITY_MIN = 64

/** Something with a number of its own that never changes. */
export interface Identified {
  readonly id: number
}

/**
 * Members by their id, for sets that turn over all the time:
 *
 *     slot:  0    1    2    3    4    5    6    7        wanted: (id >>> 1) mod capacity
 *           [16] [  ] [ 4] [ 6] [20] [  ] [  ] [14]      taken: the next free one behind it
 *                       ▲         ╰─ wanted 2; 2 and 3 were taken
 *
 * A `Map` moves to a new table every few insertions and leaves the old one, with all that was alive
 * at that moment, to the garbage collector; each points to the next, so that one table that has
 * grown old keeps every later member alive until the next full collection. Here nothing is left
 * behind; at most half of the slots are taken.
 */
export class IdMap<T extends Identified> {
  private slots: (T | undefined)[] = []
  private count = 0

  get size(): number {
    return this.count
  }

  get(id: number): T | undefined {
    if (this.count === 0) return undefined
    const { slots } = this
    const mask = slots.length - 1
    for (let at = (id >>> 1) & mask; ; at = (at + 1) & mask) {
      const member = slots[at]
      if (member === undefined || member.id === id) return member
    }
  }

  /** Adds a member whose id is not there yet. */
  add(member: T): void {
    if (2 * (this.count + 1) > this.slots.length) {
      this.resize(Math.max(CAPACITY_MIN, 2 * this.slots.length))
    }
    this.count += 1
    place(this.slots, member)
  }

  /** Removes the member of that id; false when there is none. */
  delete(id: number): boolean {
    if (this.count === 0) return false
    const { slots } = this
    const mask = slots.length - 1
    let at = (id >>> 1) & mask
    for (let member = slots[at]; member?.id !== id; member = slots[at]) {
      if (member === undefined) return false
      at = (at + 1) & mask
    }
    this.count -= 1
    this.close(at)
    if (slots.length > CAPACITY_MIN && 16 * this.count < slots.length) {
      this.resize(slots.length / 2)
    }
    return true
  }

  /** The members of this moment, in no order; the map may change while they are looked at. */
  members(): T[] {
    return this.slots.filter((member) => member !== undefined)
  }

  /** Empties a slot, and moves back whoever was driven behind it. */
  private close(emptied: number): void {
    const { slots } = this
    const mask = slots.length - 1
    let gap = emptied
    slots[gap] = undefined
    for (let at = (gap + 1) & mask; slots[at] !== undefined; at = (at + 1) & mask) {
      const member = slots[at] as T
      const wanted = (member.id >>> 1) & mask
      // It may move when its wanted slot does not lie between the gap and where it is.
      if (((at - wanted) & mask) < ((at - gap) & mask)) continue
      slots[gap] = member
      slots[at] = undefined
      gap = at
    }
  }

  private resize(capacity: number): void {
    const slots: (T | undefined)[] = Array.from({ length: capacity }, () => undefined)
    for (const member of this.slots) if (member !== undefined) place(slots, member)
    this.slots = slots
  }
}

function place<T extends Identified>(slots: (T | undefined)[], member: T): void {
  const mask = slots.length - 1
  let at = (member.id >>> 1) & mask
  while (slots[at] !== undefined) at = (at + 1) & mask
  slots[at] = member
}
