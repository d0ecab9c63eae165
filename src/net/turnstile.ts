const PER_TURN = 4

/** Between slow turns: 400 pass in a second. */
const SLOW_TURN_MS = 10

type Wait = (turn: () => void) => void

/** For those who are on their way out, and come again as soon as they are gone. */
export function slowly(turn: () => void): void {
  setTimeout(turn, SLOW_TURN_MS).unref()
}

/**
 * Lets a few through in each turn, in their order, however many come at once: who is served already
 * waits for a few of them at most.
 *
 *     come ──▶ [ d c b a ] ──▶ four a turn ──▶ pass
 */
export class Turnstile<Visitor> {
  private readonly pass: (visitor: Visitor) => void
  private readonly wait: Wait
  private readonly waiting: Visitor[] = []
  private passed = 0
  private isTurning = false

  /** `wait` calls when the next turn has come: by default that is the next of the event loop. */
  constructor(pass: (visitor: Visitor) => void, wait: Wait = setImmediate) {
    this.pass = pass
    this.wait = wait
  }

  /** Passes at once, or when its turn has come. */
  come(visitor: Visitor): void {
    if (this.passed < PER_TURN && this.waiting.length === 0) {
      this.passed += 1
      this.pass(visitor)
    } else {
      this.waiting.push(visitor)
    }
    if (this.isTurning) return
    this.isTurning = true
    this.wait(this.turn)
  }

  private readonly turn = (): void => {
    const few = this.waiting.splice(0, PER_TURN)
    this.passed = few.length
    for (const visitor of few) this.pass(visitor)
    this.isTurning = few.length > 0
    if (this.isTurning) this.wait(this.turn)
  }
}
