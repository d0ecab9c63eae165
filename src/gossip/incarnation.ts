/**
 * One life of one node id.
 *
 *     generation 1700000000000            generation 1700000360000
 *     ├─ life 0 ─┬─ life 1 ──── crash     ├─ life 0 ───────────────▶
 *                │                        restart: a new process, a new and empty history
 *                held dead by mistake (it was cut off): same history, next life
 *
 * What was held dead stays dead. A process that lives and hears otherwise answers with its next
 * life, and those who still hold its history lose nothing.
 */
export interface Incarnation {
  /** Which process: the clock at its start in milliseconds, or one more than a later one seen. */
  readonly generation: number
  /** How often this process had to contradict its own death. */
  readonly life: number
}

/** Below zero when `left` is the older one, as `sort` has it. */
export function compareIncarnations(left: Incarnation, right: Incarnation): number {
  return left.generation - right.generation || left.life - right.life
}

/** An incarnation that is over: `left` says that the process itself said so, for all its lives. */
export interface Ended extends Incarnation {
  readonly left: boolean
}

/** Whether `ended` says that `incarnation` is over too. */
export function isOver(incarnation: Incarnation, ended: Ended): boolean {
  if (incarnation.generation !== ended.generation) {
    return incarnation.generation < ended.generation
  }
  return ended.left || incarnation.life <= ended.life
}
