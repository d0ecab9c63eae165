import { parseArgs } from 'node:util'
import { CLEAN_REQUESTS, runCampaign } from './campaign.ts'

/** `npm run chaos -- --minutes 10 [--seed N]`: one long campaign, with a line every few seconds. */
const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '1' }, seed: { type: 'string' } },
})
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
const deadlineMs = performance.now() + Number(values.minutes) * 60_000
let sent = 0
const progress = setInterval(() => {
  const { heapUsed, rss } = process.memoryUsage()
  const heapMb = Math.round(heapUsed / 1e6)
  console.log(`${sent} requests, heap ${heapMb} MB, RSS ${Math.round(rss / 1e6)} MB`)
}, 10_000)
console.log(`seed ${seed}`)
const report = await runCampaign({
  seed,
  clients: 24,
  goesOn: (requests) => {
    sent = requests
    return performance.now() < deadlineMs
  },
})
clearInterval(progress)
console.log(JSON.stringify(report, null, 2))
const leaks = Object.values(report.leftovers).some((left) => left !== 0)
const failed = leaks || report.verdicts.wrong > 0 || report.cleanAnswers < CLEAN_REQUESTS
console.log(failed ? 'FAILED' : 'nothing leaked, and every complete answer was right')
process.exit(failed ? 1 : 0)
