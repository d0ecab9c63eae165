import { parseArgs } from 'node:util'
import { ATTACKS } from './attacks.ts'
import { Siege } from './siege.ts'
import type { SiegeReport } from './siege.ts'

/**
 * `npm run attack [-- --seconds 20 --quiet 10 --rate 200 --attack NAME]`: one attack after another
 * on a node with its default limits, and what healthy clients notice of each.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    quiet: { type: 'string', default: '10' },
    rate: { type: 'string', default: '200' },
    attack: { type: 'string' },
  },
})

const RSS_GROWTH_MAX = 128 * 1024 * 1024
const RECOVERY_MAX_MS = 5_000

const attacks = ATTACKS.filter(({ name }) => [name, undefined].includes(values.attack))
if (attacks.length === 0) {
  console.error(`attacks: ${ATTACKS.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}

const siege = await Siege.begin({
  rate: Number(values.rate),
  attackMs: Number(values.seconds) * 1_000,
  quietMs: Number(values.quiet) * 1_000,
  patienceMs: 2 * RECOVERY_MAX_MS,
  pinned: true,
})
// The first seconds of a process are its slowest.
await siege.listen(5_000)
console.log(row(['attack', 'requests', 'failed', 'quiet p99', 'p50', 'p99', 'RSS', 'recovery']))
const misses: string[] = []
for (const attack of attacks) {
  const report = await siege.withstand(attack)
  const missed = missedBy(report)
  misses.push(...missed.map((what) => `${attack.name}: ${what}`))
  console.log(rowOf(report))
}
await siege.end()
for (const miss of misses) console.log(`MISSED ${miss}`)
console.log(misses.length === 0 ? 'all withstood' : `${misses.length} missed`)
process.exit(misses.length === 0 ? 0 : 1)

function missedBy({ failures, p99Ms, quietP99Ms, rssGrowthBytes, recoveryMs }: SiegeReport) {
  return [
    ...Object.entries(failures).map(([failure, count]) => `${count} × ${failure}`),
    ...(p99Ms <= 2 * quietP99Ms ? [] : [`p99 is ${(p99Ms / quietP99Ms).toFixed(1)} × quiet`]),
    ...(rssGrowthBytes <= RSS_GROWTH_MAX ? [] : ['RSS']),
    ...(recoveryMs <= RECOVERY_MAX_MS ? [] : ['recovery']),
  ]
}

function rowOf(report: SiegeReport): string {
  const failed = Object.values(report.failures).reduce((sum, count) => sum + count, 0)
  return row([
    report.attack,
    `${report.requests}`,
    `${failed}`,
    `${report.quietP99Ms.toFixed(2)} ms`,
    `${report.p50Ms.toFixed(2)} ms`,
    `${report.p99Ms.toFixed(2)} ms`,
    `${(report.rssGrowthBytes / 1e6).toFixed(0)} MB`,
    `${(report.recoveryMs / 1_000).toFixed(1)} s`,
  ])
}

function row([name = '', ...cells]: readonly string[]): string {
  return name.padEnd(24) + cells.map((cell) => cell.padStart(11)).join('')
}
