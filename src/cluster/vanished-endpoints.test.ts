import { expect, test } from 'vitest'
import { VanishedEndpoints } from './vanished-endpoints.ts'

test('the memory is bounded in number and in time', () => {
  const vanished = new VanishedEndpoints({ rememberMs: 1_000, endpointsMax: 3 })
  for (let i = 0; i < 5; i++) vanished.vanished(`e${i}`, i)
  expect(vanished.size).toBe(3)
  expect(vanished.has('e1', 4)).toBe(false)
  expect(vanished.has('e4', 4)).toBe(true)
  vanished.vanished('late', 5_000)
  expect(vanished.size).toBe(1)
})

test('an endpoint that vanishes again is remembered from then on', () => {
  const vanished = new VanishedEndpoints({ rememberMs: 1_000, endpointsMax: 2 })
  vanished.vanished('a', 0)
  vanished.vanished('b', 100)
  vanished.vanished('a', 900)
  vanished.vanished('c', 950)
  expect(vanished.has('a', 1_800)).toBe(true)
  expect(vanished.has('b', 1_000)).toBe(false)
})
