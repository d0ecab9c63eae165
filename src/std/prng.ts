/** A source of uniform numbers in [0, 1): `Math.random` in programs, a seeded one in tests. */
export type Random = () => number

/**
 * A small seeded generator (mulberry32, public domain): the same seed gives the same numbers on
 * every machine. For simulation and jitter; never for secrets.
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A whole number in [0, below). */
export function randomBelow(random: Random, below: number): number {
  return Math.floor(random() * below)
}
