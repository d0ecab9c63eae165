import { expect, test } from 'vitest'
import { runBatch } from './fuzz/fuzz-batch.ts'
import { TARGETS } from './fuzz/targets.ts'

/**
 * The short form of `npm run fuzz`. A failure prints its seed: `npm run fuzz -- --seed S --target
 * T` begins with the same inputs.
 */
const INPUTS = 150
const seed = Math.floor(Math.random() * 2 ** 31)

test.each(TARGETS)('$name: nothing that is fed breaks a promise', async (target) => {
  const failure = await runBatch(target, { seed, count: INPUTS })
  expect(failure?.report).toBeUndefined()
})
