import fc from 'fast-check'
import type { FuzzTarget } from './fuzz-target.ts'

/** An input that broke a promise, and how to see it again. */
export interface Failure {
  readonly target: string
  readonly seed: number
  readonly report: string
}

/** Feeds a target with so many inputs, the same ones for the same seed. */
export async function runBatch(
  { name, inputs, check }: FuzzTarget,
  { seed, count }: { readonly seed: number; readonly count: number },
): Promise<Failure | undefined> {
  const property = fc.asyncProperty(inputs, async (input) => {
    await check(input)
  })
  const result = await fc.check(property, { seed, numRuns: count })
  if (!result.failed) return undefined
  return { target: name, seed, report: fc.defaultReportMessage(result) ?? 'no report' }
}
