/** Something that has a place in a roster, and leaves the place's number to it. */
export interface Seated {
  seat: number
}

/**
 * Members in no order, for sets that turn over all the time: each knows its seat, and whoever has
 * the last seat takes that of a member that leaves. Unlike a `Set` it leaves no tables behind.
 */
export class Roster<T extends Seated> {
  private readonly seats: T[] = []

  get size(): number {
    return this.seats.length
  }

  add(member: T): void {
    member.seat = this.seats.length
    this.seats.push(member)
  }

  /** Removes a member; of one that is not there it takes no notice. */
  remove(member: T): void {
    if (this.seats[member.seat] !== member) return
    const last = this.seats.pop() as T
    if (last === member) return
    last.seat = member.seat
    this.seats[last.seat] = last
  }

  /** The members of this moment; the roster may change while they are looked at. */
  members(): T[] {
    return [...this.seats]
  }
}
