/** Something that gathers work during a turn of the event loop and does it at the turn's end. */
export interface Flushable {
  flushTurn(): void
}

/**
 * Flushes everything that gathered output in this turn of the event loop, in one `setImmediate`:
 * after all sockets that were readable have been read, before the loop sleeps.
 */
export class TurnFlush {
  private waiting: Flushable[] = []
  private readonly run = (): void => {
    const due = this.waiting
    this.waiting = []
    for (const flushable of due) flushable.flushTurn()
  }

  /** `flushable` must not ask again before it was flushed. */
  add(flushable: Flushable): void {
    if (this.waiting.push(flushable) === 1) setImmediate(this.run)
  }
}
