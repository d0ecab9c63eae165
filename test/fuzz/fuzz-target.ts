import type { Arbitrary } from 'fast-check'

/** One thing that strangers feed, with what must hold whatever they feed it. */
export interface FuzzTarget {
  readonly name: string
  readonly inputs: Arbitrary<unknown>
  /** Throws when a promise is broken; also when the input cost too much. */
  readonly check: (input: unknown) => void | Promise<void>
}

/** What one input may cost: whoever needs more for so little can be kept busy by anybody. */
const CPU_MS_MAX = 1_000

export function fuzzTarget<Input>(
  name: string,
  inputs: Arbitrary<Input>,
  check: (input: Input) => void | Promise<void>,
): FuzzTarget {
  return {
    name,
    inputs,
    check: async (input) => {
      const before = process.cpuUsage()
      await check(input as Input)
      const { user, system } = process.cpuUsage(before)
      const cpuMs = (user + system) / 1_000
      if (cpuMs > CPU_MS_MAX) throw new Error(`one input took ${Math.round(cpuMs)} ms`)
    },
  }
}
