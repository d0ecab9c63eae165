import { parseArgs } from 'node:util'
import { whyNoHaproxy } from './balancer.ts'
import { runCampaign } from './campaign.ts'
import type { PhaseReport } from './ledger.ts'

/** `npm run soak [-- --rounds 2 --rate 350]`: the long rolling restart, with a report. */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '2' },
    rate: { type: 'string', default: '350' },
    grace: { type: 'string', default: '20' },
  },
})

const obstacle = whyNoHaproxy()
if (obstacle !== undefined) {
  console.error(obstacle)
  process.exit(1)
}
const startedMs = performance.now()
const report = await runCampaign({
  rate: Number(values.rate),
  rounds: Number(values.rounds),
  shutdownDelayMs: 2_000,
  gracePeriodMs: Number(values.grace) * 1_000,
  kills: true,
  say: (line) => console.log(line),
})

function print({ name, done, failed, lastFailureMs, failuresByCause, longestGapMs }: PhaseReport) {
  const gaps = Object.entries(longestGapMs).map(([endpoint, ms]) => `${endpoint} ${ms} ms`)
  const when = failed > 0 ? `, the last after ${lastFailureMs} ms` : ''
  console.log(`${name}: ${done} done, ${failed} failed${when}; longest gap ${gaps.join(', ')}`)
  for (const [cause, count] of Object.entries(failuresByCause)) console.log(`  ${count} × ${cause}`)
}

const seconds = (performance.now() - startedMs) / 1_000
const total = Object.values(report.done).reduce((sum, count) => sum + count, 0)
console.log(`\nstopped in order:`)
for (const phase of report.orderly) print(phase)
console.log(`\nkilled:`)
for (const phase of report.killed) print(phase)
console.log(`\n${total} done in ${Math.round(seconds)} s: ${JSON.stringify(report.done)}`)
console.log(`${report.orders} orders, ${report.duplicates.length} of them more than once`)
const failed = report.orderly.reduce((sum, phase) => sum + phase.failed, 0)
const isGood = failed === 0 && report.duplicates.length === 0
console.log(isGood ? 'nothing failed that was stopped in order' : `FAILED: ${failed} failures`)
process.exit(isGood ? 0 : 1)
