import { expect, test } from 'vitest'
import { allRareStates } from './rare-states.ts'
import { runSeed } from './run-seed.ts'

const SEEDS = 300

test(`${SEEDS} runs hold every invariant, heal, and reach every rare state`, () => {
  const sometimes = allRareStates()
  const violations: string[] = []
  for (let seed = 1; seed <= SEEDS; seed++) {
    const result = runSeed({ seed })
    sometimes.add(result.sometimes)
    if (result.violation !== undefined) {
      violations.push(`npm run sim -- --seed ${seed}: ${result.violation.message}`)
    }
  }
  expect(violations).toEqual([])
  expect(sometimes.unreached).toEqual([])
}, 120_000)

test('the same seed gives the same trace, another seed another', () => {
  const hashes = [11, 11, 12].map((seed) => runSeed({ seed }).hash)
  expect(hashes[0]).toBe(hashes[1])
  expect(hashes[0]).not.toBe(hashes[2])
})
