import { expect, test } from 'vitest'
import { CLEAN_REQUESTS, runCampaign } from './campaign.ts'

test('connections that die at any byte leave nothing behind and no wrong answer', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  const report = await runCampaign({ seed, clients: 16, goesOn: (requests) => requests < 1_000 })
  expect(report.verdicts.wrong, `seed ${seed}`).toBe(0)
  expect(report.leftovers, `seed ${seed}`).toEqual({ requests: 0, streams: 0, exchanges: 0 })
  expect(report.cleanAnswers, `seed ${seed}`).toBe(CLEAN_REQUESTS)
  // A campaign in which nothing died, or nothing worked, proves nothing.
  expect(report.kills).toBeGreaterThan(30)
  expect(report.verdicts.right).toBeGreaterThan(100)
}, 60_000)
