import { expect, test } from 'vitest'
import { seededRandom } from '../std/prng.ts'
import { AddressProof } from './address-proof.ts'

const EPOCH_MS = 1_000

test('a proof holds for its address, in its epoch and the next one', () => {
  const proof = new AddressProof(seededRandom(1), EPOCH_MS)
  const echo = proof.issue('10.0.0.1:1', 900)
  expect(proof.accepts('10.0.0.1:1', echo, 900)).toBe(true)
  expect(proof.accepts('10.0.0.1:1', echo, 1_999)).toBe(true)
  expect(proof.accepts('10.0.0.1:1', echo, 2_000)).toBe(false)
  expect(proof.accepts('10.0.0.2:1', echo, 900)).toBe(false)
})

test('nodes do not accept what another one issued, and nothing is no proof', () => {
  const proof = new AddressProof(seededRandom(1), EPOCH_MS)
  const other = new AddressProof(seededRandom(2), EPOCH_MS)
  expect(proof.accepts('10.0.0.1:1', other.issue('10.0.0.1:1', 0), 0)).toBe(false)
  expect(proof.accepts('10.0.0.1:1', 0, 0)).toBe(false)
})

test('neighbouring addresses have unrelated proofs', () => {
  const proof = new AddressProof(seededRandom(3), EPOCH_MS)
  const issued = Array.from({ length: 1_000 }, (_, i) => proof.issue(`10.0.0.1:${i}`, 0))
  expect(new Set(issued).size).toBe(1_000)
  for (let bit = 0; bit < 32; bit++) {
    const ones = issued.filter((value) => ((value >>> bit) & 1) === 1).length
    expect(Math.abs(ones - 500)).toBeLessThan(100)
  }
})
