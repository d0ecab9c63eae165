import { afterAll, beforeAll, expect, test } from 'vitest'
import { ATTACKS } from '../attack/attacks.ts'
import { Siege } from '../attack/siege.ts'

/** The short form of `npm run attack`: what strangers do is noticed by nobody else. */

let siege: Siege

beforeAll(async () => {
  siege = await Siege.begin({
    rate: 50,
    attackMs: 1_000,
    quietMs: 200,
    patienceMs: 1_500,
    pinned: false,
  })
})

afterAll(async () => siege.end())

// How quick they are is for a quiet machine to say.
test.each(ATTACKS)(
  'while it withstands $name, healthy requests are answered',
  async (attack) => {
    const report = await siege.withstand(attack)
    expect(report.requests).toBeGreaterThan(0)
    expect(report.failures).toEqual({})
    expect(report.rssGrowthBytes).toBeLessThan(256 * 1024 * 1024)
  },
  90_000,
)
