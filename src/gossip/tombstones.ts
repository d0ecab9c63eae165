import { TOMBSTONES_MAX } from './config.ts'
import { compareIncarnations, isOver, type Ended, type Incarnation } from './incarnation.ts'

/** An incarnation of which nothing is kept but that it is over. */
export interface Tombstone extends Ended {
  readonly id: string
  /** Where it was, to knock there now and then: it may only have been cut off. '' if unknown. */
  readonly address: string
  readonly since: number
}

/** One tombstone per node id, the latest, and a bounded number of them: the oldest make room. */
export class Tombstones {
  /** In the order of `since`, oldest first: a changed one moves to the end. */
  private readonly byId = new Map<string, Tombstone>()

  get size(): number {
    return this.byId.size
  }

  get(id: string): Tombstone | undefined {
    return this.byId.get(id)
  }

  values(): Iterable<Tombstone> {
    return this.byId.values()
  }

  /** Whether this incarnation is known to be over. */
  covers(id: string, incarnation: Incarnation): boolean {
    const tombstone = this.byId.get(id)
    return tombstone !== undefined && isOver(incarnation, tombstone)
  }

  /** Adds what is new in it; knowledge of an end is never lost to an older one. */
  bury(tombstone: Tombstone): void {
    const known = this.byId.get(tombstone.id)
    if (known !== undefined && isKnown(known, tombstone)) return
    const left = tombstone.left || (known?.left === true && isOver(tombstone, known))
    this.byId.delete(tombstone.id)
    this.byId.set(tombstone.id, { ...tombstone, left })
    if (this.byId.size > TOMBSTONES_MAX) this.dropOldest()
  }

  /** Forgets those older than `before`. */
  expire(before: number): void {
    for (const tombstone of this.byId.values()) {
      if (tombstone.since >= before) return
      this.byId.delete(tombstone.id)
    }
  }

  private dropOldest(): void {
    for (const id of this.byId.keys()) {
      this.byId.delete(id)
      return
    }
  }
}

function isKnown(known: Tombstone, next: Tombstone): boolean {
  if (known.generation === next.generation && next.left && !known.left) return false
  return known.left ? known.generation >= next.generation : compareIncarnations(known, next) >= 0
}
