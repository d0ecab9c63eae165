import { expect, test } from 'vitest'
import { whyNoHaproxy } from '../soak/balancer.ts'
import { runCampaign } from '../soak/campaign.ts'

/** Every node of a cluster is restarted behind a load balancer, and no client notices. */

const obstacle = whyNoHaproxy()
if (obstacle !== undefined) process.stderr.write(`skipped: ${obstacle}\n`)

test.runIf(obstacle === undefined)(
  'a rolling restart of nodes and agents under load fails no request and repeats no order',
  async () => {
    const report = await runCampaign({
      rate: 60,
      rounds: 1,
      shutdownDelayMs: 1_000,
      gracePeriodMs: 4_000,
      kills: false,
      say: () => {},
    })
    const failures = report.orderly.map(({ name, failuresByCause }) => [name, failuresByCause])
    expect(failures).toEqual(report.orderly.map(({ name }) => [name, {}]))
    expect(report.agreedAfterMs).toBeLessThan(5_000)
    expect(report.duplicates).toEqual([])
    expect(report.done).toMatchObject({ upgrade: expect.any(Number), tcp: expect.any(Number) })
    for (const kind of ['get', 'post', 'slow', 'upload', 'download', 'events'] as const) {
      expect([kind, report.done[kind] ?? 0]).toEqual([
        kind,
        expect.toSatisfy((n: number) => n > 10),
      ])
    }
  },
  60_000,
)
