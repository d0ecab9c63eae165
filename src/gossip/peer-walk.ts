import { randomBelow, type Random } from '../std/prng.ts'

/**
 * Visits everybody once in a random order, then again in another one (SWIM, Das et al., 2002,
 * §4.3): chance spreads the news, and nobody waits longer than two rounds for a visit.
 */
export class PeerWalk {
  private readonly random: Random
  private waiting: string[] = []

  constructor(random: Random) {
    this.random = random
  }

  /** The next of `ids()` to visit, undefined when there is none. */
  next(ids: () => Iterable<string>, isWelcome: (id: string) => boolean): string | undefined {
    return this.take(isWelcome) ?? this.refill(ids, isWelcome)
  }

  private take(isWelcome: (id: string) => boolean): string | undefined {
    while (true) {
      const id = this.waiting.pop()
      if (id === undefined || isWelcome(id)) return id
    }
  }

  private refill(
    ids: () => Iterable<string>,
    isWelcome: (id: string) => boolean,
  ): string | undefined {
    this.waiting = [...ids()]
    for (let i = this.waiting.length - 1; i > 0; i--) {
      const j = randomBelow(this.random, i + 1)
      const moved = this.waiting[i] as string
      this.waiting[i] = this.waiting[j] as string
      this.waiting[j] = moved
    }
    return this.take(isWelcome)
  }
}
